/* What an emulated board offers to the program that measures: ticks, painted stack, files. */
#ifndef AUTOMCU_EMULATOR_H
#define AUTOMCU_EMULATOR_H

#include <stdint.h>

/* Ticks so far: one for each instruction, or one for 40. Whether they were more than can be counted since the start. */
void emulator_start_ticks(void);
uint32_t emulator_ticks(void);
uint32_t emulator_wrapped(void);

/* Paints the stack that is free; then, bytes of stack used at most since. */
void emulator_paint_stack(void);
uint32_t emulator_stack(void);

/* Files of the computer that emulates; a negative number where one cannot be opened. */
int32_t emulator_open(const char *name, uint32_t length, int32_t writes);
uint32_t emulator_read(int32_t file, void *to, uint32_t bytes);
uint32_t emulator_write(int32_t file, const void *from, uint32_t bytes);

#endif
