/* Vectors, reset and semihosting of an emulated Cortex-M board. */
#include "board.h"

extern uint32_t data_image, data_start, data_end, bss_start, bss_end, stack_top;

#define AT(address) (*(volatile uint32_t *)(address))
#define PAINT 0xA5A5A5A5u

/* The calls of the semihosting interface that are used. */
enum { SYS_OPEN = 1, SYS_WRITE0 = 4, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT_EXTENDED = 0x20 };

static int32_t semihosting(int32_t call, const void *arguments)
{
    register int32_t r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_print(const char *text)
{
    (void)semihosting(SYS_WRITE0, text);
}

void board_print_number(const char *before, uint32_t number)
{
    char digits[12];
    int i = 11;
    digits[i] = '\0';
    do {
        i--;
        digits[i] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0u);
    board_print(before);
    board_print(&digits[i]);
}

int32_t board_open(const char *name, uint32_t length, int32_t writes)
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

uint32_t board_read(int32_t file, void *to, uint32_t bytes)
{
    const struct transfer arguments = {file, to, bytes};
    return bytes - (uint32_t)semihosting(SYS_READ, &arguments);
}

uint32_t board_write(int32_t file, const void *from, uint32_t bytes)
{
    const struct transfer arguments = {file, from, bytes};
    return bytes - (uint32_t)semihosting(SYS_WRITE, &arguments);
}

static void stop(int32_t status)
{
    const struct {
        uint32_t reason;
        int32_t status;
    } arguments = {0x20026u, status};
    (void)semihosting(SYS_EXIT_EXTENDED, &arguments);
    for (;;) {
    }
}

#if defined(BOARD_TIM2)
/* TIM2 of an STM32F4 counts one tick an instruction under `-icount shift=0`. */
void board_start_ticks(void)
{
    AT(0x40000028) = 0;
    AT(0x4000002C) = 0xFFFFFFFFu;
    AT(0x40000014) = 1;
    AT(0x40000010) = 0;
    AT(0x40000000) = 1;
}

uint32_t board_ticks(void)
{
    return AT(0x40000024);
}

/* Its update flag says that it went round. */
uint32_t board_wrapped(void)
{
    return AT(0x40000010) & 1u;
}
#else
/* The CMSDK timer of an MPS2 board counts down one tick in 40 instructions. */
void board_start_ticks(void)
{
    AT(0x40000008) = 0xFFFFFFFFu;
    AT(0x40000004) = 0xFFFFFFFFu;
    AT(0x40000000) = 1;
}

uint32_t board_ticks(void)
{
    return 0xFFFFFFFFu - AT(0x40000004);
}

uint32_t board_wrapped(void)
{
    return AT(0x4000000C) & 1u;
}
#endif

uint32_t board_stack(void)
{
    const volatile uint32_t *word = &bss_end;
    while ((word < &stack_top) && (*word == PAINT)) {
        word++;
    }
    return (uint32_t)((const volatile char *)&stack_top - (const volatile char *)word);
}

__attribute__((noreturn)) void reset(void)
{
#if defined(__ARM_FP)
    AT(0xE000ED88) |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    const uint32_t *from = &data_image;
    for (uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from;
        from++;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    uint32_t here;
    __asm__ volatile("mov %0, sp" : "=r"(here));
    for (volatile uint32_t *to = &bss_end; (uint32_t)to + 64u < here; to++) {
        *to = PAINT;
    }
    stop(program());
    for (;;) {
    }
}

void fault(void)
{
    board_print_number("fault: ", AT(0xE000ED28));
    board_print("\n");
    stop(99);
}

extern void *const vectors[16];
__attribute__((section(".vectors"), used)) void *const vectors[16] = {
    &stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
