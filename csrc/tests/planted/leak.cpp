// What kernels may not do: a weak function outside the namespace of their instruction set.
namespace pydl {
__attribute__((noinline)) inline int leaked() { return 1; }
namespace planted {
int use() { return leaked(); }
}  // namespace planted
}  // namespace pydl
