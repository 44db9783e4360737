/* USART@USART@ sends on P@PORT@@PIN@ at 115200 baud, 8N1. The clock is that after reset: HSI, 16 MHz, nothing divided. */
#define USART @USART_ADDRESS@u
#define GPIO @GPIO_ADDRESS@u
#define RCC 0x40023800u
#define BRR_115200 139u
#define TXE (1u << 7)
#define MOST_TRIES 100000u

static void start_uart(void)
{
    AT(RCC + 0x30u) |= 1u << @GPIO_ENABLE@;
    AT(RCC + @USART_BUS@u) |= 1u << @USART_ENABLE@;
    /* The pin's alternate function 7. */
    AT(GPIO) = (AT(GPIO) & ~(3u << (2 * @PIN@))) | (2u << (2 * @PIN@));
    AT(GPIO + @AFR@u) = (AT(GPIO + @AFR@u) & ~(15u << (4 * (@PIN@ % 8)))) | (7u << (4 * (@PIN@ % 8)));
    AT(USART + 0x08u) = BRR_115200;
    AT(USART + 0x0Cu) = (1u << 13) | (1u << 3);
}

__attribute__((weak)) void board_write(const char *text, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        /* A UART that never becomes free does not stop the program. */
        for (uint32_t tries = 0; ((AT(USART) & TXE) == 0u) && (tries < MOST_TRIES); tries++) {
        }
        AT(USART + 0x04u) = (uint8_t)text[i];
    }
}
