/* The least program around a network: what this image takes is what the network takes, its stack apart. */
#include <stdint.h>

#include "subject.h"

extern uint32_t data_image, data_start, data_end, bss_start, bss_end, stack_top;

static int8_t arena[ARENA_BYTES] __attribute__((aligned(8)));

__attribute__((noreturn)) void Reset_Handler(void)
{
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
#endif
    const uint32_t *from = &data_image;
    for (volatile uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from;
        from++;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    for (;;) {
        *(volatile int8_t *)network_input(arena) = 0;
        network_run(arena);
        (void)*(const volatile int8_t *)network_output(arena);
    }
}

#if defined(__riscv)
__attribute__((naked, section(".vectors"), used)) void start(void)
{
    __asm__ volatile("la sp, stack_top\n\tj Reset_Handler");
}
#else
static void stop(void)
{
    for (;;) {
    }
}

extern void *const vectors[16];
__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, (void *)Reset_Handler, (void *)stop, (void *)stop, (void *)stop, (void *)stop, (void *)stop,
};
#endif
