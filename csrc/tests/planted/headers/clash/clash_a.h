// Fine alone, but not with the other one.
#pragma once
inline int smaller(int a, int b) { return a < b ? a : b; }
