// Fine alone, but not with clash_b.h.
#pragma once
inline int smaller(int a, int b) { return a < b ? a : b; }
