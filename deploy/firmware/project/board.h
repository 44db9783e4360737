/* What the self-test needs of a board. */
#ifndef AUTOMCU_BOARD_H
#define AUTOMCU_BOARD_H

#include <stdint.h>

/* Makes ready what the other two need. */
void board_start(void);

/* Writes text to whoever listens. It is weak: a function of the same name elsewhere in the program takes its place. */
void board_write(const char *text, unsigned length);

/* Cycles of the core so far, modulo 2^32; always 0 where the core has no counter. */
uint32_t board_cycles(void);

#endif
