//! What the folder says of itself: what it is, its memory, and how it gets onto the part.

use std::fmt::Write;

use automcu_target::Part;

use super::{
    Writer,
    script::{Other, Piece, plain},
};

impl Writer<'_> {
    pub(super) fn readme(&self, template: &str) -> String {
        let Self { site, kit, .. } = self;
        let values = [
            ("@ABOUT@", self.about()),
            ("@ARENA_BYTES@", site.arena.0.to_string()),
            ("@TABLE_BYTES@", site.tables.0.to_string()),
            ("@STACK_BYTES@", kit.stack_bytes.0.to_string()),
            ("@MEMORY@", self.memory()),
            ("@SECTIONS@", self.sections()),
            ("@FLASH@", flashing(site.part)),
            ("@RUN@", self.running()),
            ("@UART@", self.uart()),
            ("@CACHES@", self.caches().to_owned()),
        ];
        super::filled(template, &values)
    }

    fn about(&self) -> String {
        let Self { site: super::Site { part, .. }, cpu, .. } = self;
        let board = part.board().map_or(String::new(), |board| format!(", as on {}", plain(board)));
        format!(
            "Firmware that tests the int8 network `@name@` on a {} ({}, {}, up to {} MHz{board}): the network as C, a linker\nscript \
             of the part's own memory, start-up code, a self-test. Written by AutoMCU.",
            part.name(),
            plain(part.vendor()),
            cpu.name(),
            part.clock_mhz(),
        )
    }

    fn memory(&self) -> String {
        let layout = self.layout;
        let mut text = "| in @SCRIPT@ | address | bytes | regions of the part |\n|---|---|---:|---|\n".to_owned();
        let row = |label: &str, Piece { regions, stretch, whole }: &Piece<'_>| {
            let names: Vec<&str> = regions.iter().map(|region| region.name.as_str()).collect();
            let tight =
                if stretch.size < *whole { format!(", {} bytes but for the budget", whole.0) } else { String::new() };
            format!("| {label} | {:#010x} | {} | {}{tight} |\n", stretch.address, stretch.size.0, names.join(", "))
        };
        text += &row("FLASH", &layout.flash);
        text += &row("RAM", &layout.ram);
        for Other { region, label, section, .. } in &layout.others {
            let note = region.note.as_ref().map_or(String::new(), |note| format!(", {note}"));
            let _ = writeln!(
                text,
                "| {label} | {:#010x} | {} | {}{note}: `__attribute__((section(\"{section}\")))` |",
                region.address, region.size.0, region.name
            );
        }
        text
    }

    fn sections(&self) -> String {
        let notes = self.layout.flash.regions.iter().chain(&self.layout.ram.regions);
        let notes: Vec<String> =
            notes.filter_map(|region| Some(format!("{}: {}", region.name, region.note.as_ref()?))).collect();
        let mut text = String::new();
        if !notes.is_empty() {
            let _ = writeln!(text, "To be known: {}.\n", notes.join("; "));
        }
        if !self.layout.others.is_empty() {
            text += "Variables in a further region keep what they held at reset; where its clock is off then, switch it on first.\n\
                     With `-D@NAME@_OWN_ARENA` the network takes an arena of yours, which may lie there.\n";
        }
        text
    }

    fn running(&self) -> String {
        let Some(board) = &self.board else {
            return "No board of QEMU stands in for this part with this network.".to_owned();
        };
        let how = if board.flash.0 == self.kit.flash.address && board.ram.0 == self.kit.ram.address {
            "whose memory lies at the part's addresses".to_owned()
        } else {
            "the same objects, linked at its addresses by standin.ld".to_owned()
        };
        format!(
            "`make run` runs it in QEMU on {}, {how}.{} The exit status is that of\nthe test. `make uart` shows what it says \
             through the UART instead.",
            board.machine, board.note
        )
    }

    fn uart(&self) -> String {
        let hook = "Give the program a\n`void board_write(const char *text, unsigned length)` of its own to send the text elsewhere.";
        match &self.usart {
            Some(usart) => format!("`board_write` sends through {}, at 115200 baud, 8N1. {hook}", usart.title()),
            None => {
                "`board_write` in `board.c` is empty: fill it in with your board's UART (set its clock, pin and baud rate in\n\
                 `start_uart`, then write each byte once its transmitter is free), or give the program a\n\
                 `void board_write(const char *text, unsigned length)` of its own: the one in `board.c` is weak."
                    .to_owned()
            }
        }
    }

    fn caches(&self) -> &'static str {
        if self.kit.defines().is_empty() {
            ""
        } else {
            "\nCaches are switched on by the start-up code (`-DSTARTUP_CACHES`): a program with DMA must clean and invalidate them."
        }
    }
}

/// How an image gets onto a part, by its vendor and family.
fn flashing(part: &Part) -> String {
    let openocd = |interface: &str, target: &str| {
        format!(
            "```sh\nopenocd -f interface/{interface}.cfg -f target/{target}.cfg -c \"program build/@name@.elf verify reset exit\"\n```\n"
        )
    };
    let name = part.name();
    let probe_rs = format!("`probe-rs run --chip {} build/@name@.elf` flashes it and shows what it says", chip(part));
    let or = format!("{probe_rs} (`probe-rs chip list` has the\nexact names).");
    let first_steps = match part.family() {
        family if family.starts_with("STM32") => {
            let target = format!("{}x", family.to_ascii_lowercase());
            let lines = openocd("stlink", &target);
            format!(
                "{lines}\nor `st-flash --reset write build/@name@.bin {:#010x}`. {or}",
                part.flash().longest_run().map_or(0, |run| run.address)
            )
        }
        "nRF52" => format!("{}\n{or}", openocd("jlink", "nrf52")),
        "nRF53" => format!("{}\n{or}", openocd("jlink", "nrf53")),
        "SAM D5x" => format!("{}\n{or}", openocd("cmsis-dap", "atsame5x")),
        "SAM E70/V71" => format!("{}\n{or}", openocd("cmsis-dap", "atsamv")),
        "RP2" => {
            let target = if name.starts_with("RP2040") { "rp2040" } else { "rp2350" };
            format!("{}\n{or}", openocd("cmsis-dap", target))
        }
        _ => format!("{or} The vendor's own programmer takes build/@name@.hex."),
    };
    let is_external = part.flash().longest_run().is_some_and(|run| run.regions.iter().any(|region| region.external));
    let boot = if is_external {
        "\n\nThe flash is a chip beside the part: its boot ROM looks for a header there that only the vendor's SDK writes, and starts\n\
         nothing without one. Take @name@.h and @name@.c into a project of that SDK, or put the header before FLASH."
    } else {
        ""
    };
    format!("{first_steps}{boot}")
}

/// What probe-rs calls a part: of ST's ordering codes, the temperature range is left open.
fn chip(part: &Part) -> String {
    let name = part.name();
    match part.family() {
        family if family.starts_with("STM32") => {
            name.char_indices().nth(12).map_or(name.to_owned(), |(place, letter)| {
                format!("{}x{}", &name[..place], &name[place + letter.len_utf8()..])
            })
        }
        family if family.starts_with("nRF") => format!("{}_xxAA", name.split('-').next().unwrap_or(name)),
        _ => name.to_owned(),
    }
}
