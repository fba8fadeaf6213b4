// Without the GIL another thread may write to an object while it is read: PYDL_LOCKED holds the object's own lock.
#pragma once
#include <Python.h>

#ifdef Py_GIL_DISABLED
#define PYDL_LOCKED(object) Py_BEGIN_CRITICAL_SECTION(object)
#define PYDL_UNLOCKED() Py_END_CRITICAL_SECTION()
#else
#define PYDL_LOCKED(object) {
#define PYDL_UNLOCKED() }
#endif
