/* What the start-up code offers to the program. */
#ifndef AUTOMCU_BOARD_H
#define AUTOMCU_BOARD_H

#include <stdint.h>

/* Ticks so far: one for each instruction, or one for 40. Whether they were more than can be counted since the start. */
void board_start_ticks(void);
uint32_t board_ticks(void);
uint32_t board_wrapped(void);

/* Bytes of stack used at most since the start. */
uint32_t board_stack(void);

void board_print(const char *text);
void board_print_number(const char *before, uint32_t number);

/* Files of the computer that emulates; a negative number where one cannot be opened. */
int32_t board_open(const char *name, uint32_t length, int32_t writes);
uint32_t board_read(int32_t file, void *to, uint32_t bytes);
uint32_t board_write(int32_t file, const void *from, uint32_t bytes);

int32_t program(void);

#endif
