/* What the code of a network needs of a library, where a compiler comes without one. */
#ifndef AUTOMCU_STRING_H
#define AUTOMCU_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

#endif
