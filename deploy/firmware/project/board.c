/* The board: its cycle counter, and @UART_TITLE@. */
#include "board.h"

#define AT(address) (*(volatile uint32_t *)(address))

@UART@
void board_start(void)
{
#if __ARM_ARCH >= 7
    /* DEMCR.TRCENA, the lock of a Cortex-M7, DWT_CYCCNT, DWT_CTRL.CYCCNTENA. */
    AT(0xE000EDFC) |= 1u << 24;
    AT(0xE0001FB0) = 0xC5ACCE55u;
    AT(0xE0001004) = 0;
    AT(0xE0001000) |= 1u;
#endif
    start_uart();
}

uint32_t board_cycles(void)
{
#if __ARM_ARCH >= 7
    return AT(0xE0001004);
#else
    return 0;
#endif
}
