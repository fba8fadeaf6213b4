// Fine alone, but not with clash_a.h.
#pragma once
inline int smaller(int a, int b) { return b < a ? b : a; }
