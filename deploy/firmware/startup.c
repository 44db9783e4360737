/* Vectors and reset of a Cortex-M: memory is made ready, then main is called. */
#include <stdint.h>

#include "semihosting.h"

#define AT(address) (*(volatile uint32_t *)(address))
#define HFSR 0xE000ED2Cu
#define CFSR 0xE000ED28u
#define VTOR 0xE000ED08u
#define CPACR 0xE000ED88u
/* What a call to a debugger is compiled to. */
#define BKPT_AB 0xBEABu

/* What is copied before main is called: the values of variables, and behind them what the linker script adds. */
struct copy {
    const uint32_t *from;
    uint32_t *to;
    const uint32_t *end;
};

extern const struct copy copies_start, copies_end;
extern const uint32_t data_image;
extern uint32_t data_start, data_end, bss_start, bss_end, stack_top, code_start, code_end;

int main(void);
void Reset_Handler(void);
void HardFault_Handler(void);
void Default_Handler(void);
void hard_fault(uint32_t *frame);
void fault(uint32_t status);

/* A program that has a handler of one of these names has it called. */
#define HANDLER __attribute__((weak, alias("Default_Handler")))
void NMI_Handler(void) HANDLER;
void SVC_Handler(void) HANDLER;
void DebugMon_Handler(void) HANDLER;
void PendSV_Handler(void) HANDLER;
void SysTick_Handler(void) HANDLER;
#define FAULT_HANDLER __attribute__((weak, alias("HardFault_Handler")))
void MemManage_Handler(void) FAULT_HANDLER;
void BusFault_Handler(void) FAULT_HANDLER;
void UsageFault_Handler(void) FAULT_HANDLER;
void SecureFault_Handler(void) FAULT_HANDLER;

/* Those of the core. The part's own follow where a program puts a table into the section `.interrupts`. */
extern const struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors;
__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    &stack_top,
    {Reset_Handler, NMI_Handler, HardFault_Handler, MemManage_Handler, BusFault_Handler, UsageFault_Handler,
     SecureFault_Handler, 0, 0, 0, SVC_Handler, DebugMon_Handler, 0, PendSV_Handler, SysTick_Handler},
};

extern const struct copy first_copy;
__attribute__((section(".copies"), used)) const struct copy first_copy = {&data_image, &data_start, &data_end};

#if defined(STARTUP_CACHES)
/* The caches of a Cortex-M7 and M55, where the part has them: cleared, then switched on. */
static void start_caches(void)
{
    const uint32_t levels = AT(0xE000ED78);
    if ((levels & 1u) != 0u) {
        AT(0xE000EF50) = 0;
        __asm__ volatile("dsb\n\tisb" ::: "memory");
        AT(0xE000ED14) |= 1u << 17;
        __asm__ volatile("dsb\n\tisb" ::: "memory");
    }
    if ((levels & 6u) != 0u) {
        AT(0xE000ED84) = 0;
        __asm__ volatile("dsb" ::: "memory");
        const uint32_t size = AT(0xE000ED80);
        for (uint32_t set = 0; set <= ((size >> 13) & 0x7FFFu); set++) {
            for (uint32_t way = 0; way <= ((size >> 3) & 0x3FFu); way++) {
                AT(0xE000EF60) = (set << 5) | (way << 30);
            }
        }
        __asm__ volatile("dsb" ::: "memory");
        AT(0xE000ED14) |= 1u << 16;
        __asm__ volatile("dsb\n\tisb" ::: "memory");
    }
}
#endif

__attribute__((noinline, noreturn)) static void start(void)
{
    for (const struct copy *each = &copies_start; each < &copies_end; each++) {
        const uint32_t *from = each->from;
        for (uint32_t *to = each->to; to < each->end; to++) {
            *to = *from;
            from++;
        }
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
#if defined(STARTUP_CACHES)
    start_caches();
#endif
    semihosting_exit(main());
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* Nothing but the FPU is touched before it is switched on: what follows may keep values in its registers. */
__attribute__((noreturn)) void Reset_Handler(void)
{
    AT(VTOR) = (uint32_t)&vectors;
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    AT(CPACR) |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
    start();
}

void Default_Handler(void)
{
    for (;;) {
    }
}

__attribute__((naked)) void HardFault_Handler(void)
{
    /* Which of the two stacks holds the frame. */
    __asm__ volatile("movs r0, #4\n\t"
                     "mov r1, lr\n\t"
                     "tst r1, r0\n\t"
                     "bne 1f\n\t"
                     "mrs r0, msp\n\t"
                     "b 2f\n"
                     "1:\n\t"
                     "mrs r0, psp\n"
                     "2:\n\t"
                     "ldr r1, =hard_fault\n\t"
                     "bx r1\n\t"
                     ".ltorg");
}

__attribute__((used)) void hard_fault(uint32_t *frame)
{
    /* A call to a debugger where there is none: it is stepped over, and no other is made. */
    const uint32_t here = frame[6];
    const int is_code = (here >= (uint32_t)&code_start) && (here < (uint32_t)&code_end);
    if (is_code && (*(const uint16_t *)here == BKPT_AB)) {
        semihosting_is_there = 0;
        frame[0] = 0xFFFFFFFFu;
        frame[6] = here + 2u;
#if __ARM_ARCH >= 7
        AT(HFSR) = 1u << 31;
#endif
        return;
    }
#if __ARM_ARCH >= 7
    fault(AT(CFSR));
#else
    fault(0);
#endif
}

/* A program may have one of its own. */
__attribute__((weak)) void fault(uint32_t status)
{
    semihosting_print_number("fault: ", status);
    semihosting_print("\n");
    semihosting_exit(99);
    for (;;) {
    }
}
