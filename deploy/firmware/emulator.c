/* The counter of each emulated board, its painted stack, and files of the computer that emulates. */
#include "emulator.h"
#include "semihosting.h"

extern uint32_t bss_end, stack_top;

#define AT(address) (*(volatile uint32_t *)(address))
#define PAINT 0xA5A5A5A5u

int32_t emulator_open(const char *name, uint32_t length, int32_t writes)
{
    const struct {
        const char *name;
        uint32_t mode;
        uint32_t length;
    } arguments = {name, (writes != 0) ? 5u : 1u, length};
    return semihosting(SYS_OPEN, &arguments);
}

struct transfer {
    int32_t file;
    const void *memory;
    uint32_t bytes;
};

uint32_t emulator_read(int32_t file, void *to, uint32_t bytes)
{
    const struct transfer arguments = {file, to, bytes};
    return bytes - (uint32_t)semihosting(SYS_READ, &arguments);
}

uint32_t emulator_write(int32_t file, const void *from, uint32_t bytes)
{
    const struct transfer arguments = {file, from, bytes};
    return bytes - (uint32_t)semihosting(SYS_WRITE, &arguments);
}

#if defined(BOARD_TIM2)
/* TIM2 of an STM32F4 counts one tick an instruction under `-icount shift=0`. */
void emulator_start_ticks(void)
{
    AT(0x40000028) = 0;
    AT(0x4000002C) = 0xFFFFFFFFu;
    AT(0x40000014) = 1;
    AT(0x40000010) = 0;
    AT(0x40000000) = 1;
}

uint32_t emulator_ticks(void)
{
    return AT(0x40000024);
}

/* Its update flag says that it went round. */
uint32_t emulator_wrapped(void)
{
    return AT(0x40000010) & 1u;
}
#else
/* The CMSDK timer of an MPS2 board counts down one tick in 40 instructions. */
void emulator_start_ticks(void)
{
    AT(0x40000008) = 0xFFFFFFFFu;
    AT(0x40000004) = 0xFFFFFFFFu;
    AT(0x40000000) = 1;
}

uint32_t emulator_ticks(void)
{
    return 0xFFFFFFFFu - AT(0x40000004);
}

uint32_t emulator_wrapped(void)
{
    return AT(0x4000000C) & 1u;
}
#endif

void emulator_paint_stack(void)
{
    uint32_t here;
    __asm__ volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *to = &bss_end; (uint32_t)to + 64u < here; to++) {
        *to = PAINT;
    }
}

uint32_t emulator_stack(void)
{
    const volatile uint32_t *word = &bss_end;
    while ((word < &stack_top) && (*word == PAINT)) {
        word++;
    }
    return (uint32_t)((const volatile char *)&stack_top - (const volatile char *)word);
}
