// Needs another header, and does not say so.
#pragma once
inline int value_of(const Missing& missing) { return missing.value; }
