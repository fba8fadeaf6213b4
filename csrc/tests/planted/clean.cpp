// What kernels do: everything in the namespace of their instruction set, weak or not, and locals in an anonymous one.
namespace pydl::planted {
namespace {
__attribute__((noinline)) int local() { return 1; }
}  // namespace
__attribute__((noinline)) inline int weak() { return local(); }
int use() {
  static constexpr int kOnce[] = {1, 2};
  return kOnce[weak() % 2];
}
}  // namespace pydl::planted
