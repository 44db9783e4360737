//! The UART of a part, where it is known how it is driven.

use automcu_target::Part;

/// A USART of an STM32F4 on a pin of its own.
pub(super) struct Usart {
    pub(super) number: u8,
    address: u32,
    /// The register of the bus's clocks and the bit in it.
    enable: (u32, u8),
    port: char,
    pin: u8,
}

impl Usart {
    /// The one that is wired to the debugger of the part's board; the first where that is not known.
    pub(super) fn of(part: &Part) -> Option<Self> {
        const FIRST: Usart = Usart { number: 1, address: 0x4001_1000, enable: (0x44, 4), port: 'A', pin: 9 };
        const SECOND: Usart = Usart { number: 2, address: 0x4000_4400, enable: (0x40, 17), port: 'A', pin: 2 };
        const THIRD: Usart = Usart { number: 3, address: 0x4000_4800, enable: (0x40, 18), port: 'D', pin: 8 };
        if part.family() != "STM32F4" {
            return None;
        }
        Some(match part.board() {
            Some(board) if board.starts_with("NUCLEO-") && board.ends_with(['G', 'I']) => THIRD,
            Some(board) if board.starts_with("NUCLEO-") => SECOND,
            _ => FIRST,
        })
    }

    /// `USART1, which sends on PA9`.
    pub(super) fn title(&self) -> String {
        let Self { number, port, pin, .. } = self;
        format!("USART{number}, which sends on P{port}{pin}")
    }

    /// The C code that drives it.
    pub(super) fn code(&self) -> String {
        let Self { number, address, enable: (bus, enable), port, pin } = self;
        let place = u32::from(*port) - u32::from('A');
        let values = [
            ("@USART@", number.to_string()),
            ("@USART_ADDRESS@", format!("{address:#010x}")),
            ("@USART_BUS@", format!("{bus:#x}")),
            ("@USART_ENABLE@", enable.to_string()),
            ("@PORT@", port.to_string()),
            ("@PIN@", pin.to_string()),
            ("@GPIO_ADDRESS@", format!("{:#010x}", 0x4002_0000 + 0x400 * place)),
            ("@GPIO_ENABLE@", place.to_string()),
            ("@AFR@", if *pin < 8 { "0x20" } else { "0x24" }.to_owned()),
        ];
        super::filled(include_str!("../../../../deploy/firmware/project/uart_stm32f4.c"), &values)
    }
}
