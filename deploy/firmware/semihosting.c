/* Calls to the debugger or emulator that a program runs under. */
#include "semihosting.h"

volatile uint32_t semihosting_is_there = 1;

int32_t semihosting(int32_t call, const void *arguments)
{
    register int32_t r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = arguments;
    if (semihosting_is_there == 0u) {
        return -1;
    }
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void semihosting_print(const char *text)
{
    (void)semihosting(SYS_WRITE0, text);
}

const char *semihosting_digits(char text[11], uint32_t number)
{
    int i = 10;
    text[i] = '\0';
    do {
        i--;
        text[i] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0u);
    return &text[i];
}

void semihosting_print_number(const char *before, uint32_t number)
{
    char text[11];
    semihosting_print(before);
    semihosting_print(semihosting_digits(text, number));
}

void semihosting_exit(int32_t status)
{
    const struct {
        uint32_t reason;
        int32_t status;
    } arguments = {0x20026u, status};
    (void)semihosting(SYS_EXIT_EXTENDED, &arguments);
}
