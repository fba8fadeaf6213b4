// What kernels may not do: state that outlives a call, of the process or of a thread.
namespace pydl::planted {
int use() {
  static int calls = 0;
  static thread_local bool direction = false;
  direction = !direction;
  return direction ? calls++ : calls;
}
}  // namespace pydl::planted
