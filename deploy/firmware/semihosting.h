/* Calls to the debugger or emulator that a program runs under. Without one they do nothing. */
#ifndef AUTOMCU_SEMIHOSTING_H
#define AUTOMCU_SEMIHOSTING_H

#include <stdint.h>

/* The calls that are used. */
enum { SYS_OPEN = 1, SYS_WRITE0 = 4, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT_EXTENDED = 0x20 };

/* 0 once a call was answered by nobody. */
extern volatile uint32_t semihosting_is_there;

int32_t semihosting(int32_t call, const void *arguments);
void semihosting_print(const char *text);
void semihosting_print_number(const char *before, uint32_t number);

/* Ends the program with this status; comes back where there is nobody to end it. */
void semihosting_exit(int32_t status);

/* The digits of a number, in a text that holds 11 bytes. */
const char *semihosting_digits(char text[11], uint32_t number);

#endif
