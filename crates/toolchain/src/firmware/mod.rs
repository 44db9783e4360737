//! Firmware for a part around the code of a network: linker script, start-up, a self-test, what builds it. Text only, made
//! of a part and a plan; what comes of it is proven by [`prove`].

mod map;
mod prove;
mod readme;
mod script;
mod stand_in;
mod uart;

use automcu_convert::{File, Name};
use automcu_model::Bytes;
use automcu_target::{Budget, Core, Fpu, Part};
use serde::{Deserialize, Serialize};

use crate::{
    board::{Cpu, Isa},
    build,
    compiler::gcc_flags,
};
pub use map::NetworkMap;
pub use prove::{FirmwareProof, SelfTest, prove};
use script::Layout;
pub use script::Stretch;
use stand_in::StandIn;
use uart::Usart;

/// An image holds at most about so much beside tables and arena.
const AROUND: Bytes = Bytes(64 << 10);

/// What firmware is written for.
#[derive(Clone, Copy, Debug)]
pub struct Site<'s> {
    /// The part.
    pub part: &'s Part,
    /// What it and the user allow.
    pub budget: Budget,
    /// What the network is called.
    pub name: &'s Name,
    /// Its arena, as planned.
    pub arena: Bytes,
    /// Its weights and tables, as counted.
    pub tables: Bytes,
}

/// The files around a network, and what is told of them.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// Its files.
    pub files: Vec<File>,
    /// What `automcu verify` goes by.
    pub kit: Kit,
}

/// How firmware is compiled and linked, as the report of its folder keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kit {
    /// The part.
    pub part: String,
    /// Its core.
    pub core: Core,
    /// Its floating-point unit.
    pub fpu: Fpu,
    /// Whether it has the DSP extension.
    pub has_dsp: bool,
    /// What the linker script calls FLASH.
    pub flash: Stretch,
    /// What it calls RAM.
    pub ram: Stretch,
    /// What it keeps for the stack.
    pub stack_bytes: Bytes,
    /// The board of QEMU that stands in for the part, if one does.
    pub stand_in: Option<String>,
}

/// Why there is no firmware.
#[derive(Debug, thiserror::Error)]
pub enum FirmwareError {
    /// There is no start-up code for the core.
    #[error(
        "{part} has a {core}, for which no firmware is written; `automcu compile --target {part}` writes the portable C \
         code, and the vendor's SDK links it"
    )]
    Core {
        /// The part.
        part: String,
        /// Its core.
        core: Core,
    },
    /// The network's files would be others of the folder.
    #[error("a file of the firmware is called {0}; give the network another name with --name")]
    Name(String),
}

/// The files beside the network's own that are compiled.
const AROUND_SOURCES: [&str; 4] = ["main.c", "board.c", "startup.c", "semihosting.c"];
const AROUND_HEADERS: [&str; 2] = ["board.h", "semihosting.h"];
const SECTIONS: &str = "sections.ld";
const STAND_IN: &str = "standin.ld";
const STAND_IN_C: &str = "standin.c";
const LINK_FLAGS: [&str; 2] = ["-nostartfiles", "-Wl,--gc-sections"];

/// How code for a core is compiled, where the start-up code is for it.
fn cortex_m(core: Core, fpu: Fpu, has_dsp: bool) -> Option<Cpu> {
    Cpu::of(core, fpu, has_dsp).filter(|cpu| cpu.isa() == Isa::Arm)
}

impl Kit {
    /// How it is compiled, if the Arm compiler knows the core.
    #[must_use]
    pub fn cpu(&self) -> Option<Cpu> {
        cortex_m(self.core, self.fpu, self.has_dsp)
    }

    /// Whether the part's name leads to no other folder.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.part.chars().all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))
    }

    /// What the linker script of the part is called.
    #[must_use]
    pub fn script(&self) -> String {
        format!("{}.ld", self.part)
    }

    /// What is defined for the files around the network.
    const fn defines(&self) -> &'static [&'static str] {
        match self.core {
            Core::CortexM7 | Core::CortexM55 => &["-DSTARTUP_CACHES"],
            _ => &[],
        }
    }
}

impl Firmware {
    /// Says whether firmware can be written for a part.
    pub fn check(part: &Part) -> Result<Cpu, FirmwareError> {
        cortex_m(part.core(), part.fpu(), part.has_dsp())
            .ok_or_else(|| FirmwareError::Core { part: part.name().to_owned(), core: part.core() })
    }

    /// Writes what goes around the network of this name on this part.
    pub fn of(site: Site<'_>) -> Result<Self, FirmwareError> {
        let Site { part, name, .. } = site;
        let cpu = Self::check(part)?;
        let is_taken = |file: &&&str| file.split('.').next().is_some_and(|stem| name.is(stem));
        let taken = AROUND_SOURCES.iter().chain(&AROUND_HEADERS).chain(&[STAND_IN_C, "host.c"]).find(is_taken);
        if let Some(file) = taken {
            return Err(FirmwareError::Name((*file).to_owned()));
        }
        let layout = Layout::of(part, site.budget);
        let board = StandIn::of(part, site.tables + AROUND, site.arena + AROUND);
        let kit = Kit {
            part: part.name().to_owned(),
            core: part.core(),
            fpu: part.fpu(),
            has_dsp: part.has_dsp(),
            flash: layout.flash.stretch,
            ram: layout.ram.stretch,
            stack_bytes: script::STACK,
            stand_in: board.map(|board| board.machine.to_owned()),
        };
        let files = Writer { site, cpu, kit: &kit, layout: &layout, board, usart: Usart::of(part) }.files();
        Ok(Self { files, kit })
    }
}

/// Everything that the files are made of.
struct Writer<'w> {
    site: Site<'w>,
    cpu: Cpu,
    kit: &'w Kit,
    layout: &'w Layout<'w>,
    board: Option<StandIn>,
    usart: Option<Usart>,
}

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../../../deploy/firmware/project/", $name))
    };
}

impl Writer<'_> {
    fn files(&self) -> Vec<File> {
        let fill = |template: &str| filled(template, &self.values());
        let mut files = vec![
            (self.kit.script(), self.layout.script()),
            (SECTIONS.to_owned(), build::SECTIONS_LD.to_owned()),
            ("startup.c".to_owned(), build::STARTUP_C.to_owned()),
            ("semihosting.h".to_owned(), build::SEMIHOSTING_H.to_owned()),
            ("semihosting.c".to_owned(), build::SEMIHOSTING_C.to_owned()),
            ("main.c".to_owned(), fill(template!("main.c"))),
            ("board.h".to_owned(), template!("board.h").to_owned()),
            ("board.c".to_owned(), self.board_c()),
            ("Makefile".to_owned(), fill(&template!("Makefile").replace("@RUN@\n", self.run(template!("run.mk"))))),
            (
                "CMakeLists.txt".to_owned(),
                fill(&template!("CMakeLists.txt").replace("@RUN@\n", self.run(template!("run.cmake")))),
            ),
            ("arm-none-eabi.cmake".to_owned(), template!("arm-none-eabi.cmake").to_owned()),
            ("README.md".to_owned(), fill(&self.readme(template!("README.md")))),
        ];
        if let Some(board) = &self.board {
            files.push((STAND_IN.to_owned(), self.layout.standing_in(board)));
            if board.uart.is_some() {
                files.push((STAND_IN_C.to_owned(), fill(template!("standin.c"))));
            }
        }
        files.into_iter().map(|(name, text)| File { name, text }).collect()
    }

    /// What runs it in QEMU, where a board stands in for the part.
    fn run<'t>(&self, template: &'t str) -> &'t str {
        if self.board.is_some() { template } else { "" }
    }

    fn board_c(&self) -> String {
        let own = || ("no UART: board_write is for you to fill in".to_owned(), template!("uart_none.c").to_owned());
        let (title, code) = self.usart.as_ref().map_or_else(own, |usart| (usart.title(), usart.code()));
        filled(template!("board.c"), &[("@UART_TITLE@", title), ("@UART@", code)])
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        let Self { site, cpu, kit, board, usart, .. } = self;
        let name = site.name.to_string();
        let sources = [format!("{name}.c")].into_iter().chain(AROUND_SOURCES.map(str::to_owned));
        let headers =
            [format!("{name}.h"), "vectors.h".to_owned()].into_iter().chain(AROUND_HEADERS.map(str::to_owned));
        let defines = kit.defines();
        let has_uart = board.is_some_and(|board| board.uart.is_some());
        // What QEMU connects first belongs to the first UART.
        let before = usart.as_ref().filter(|_| !has_uart).map_or(0, |usart| usize::from(usart.number) - 1);
        let line = format!("  target_compile_options(${{firmware}} PRIVATE {})\n", defines.join(" "));
        vec![
            ("@name@", name.clone()),
            ("@NAME@", name.to_ascii_uppercase()),
            ("@PART@", kit.part.clone()),
            ("@CPU@", cpu.name().to_owned()),
            ("@CPU_FLAGS@", gcc_flags(*cpu).join(" ")),
            ("@WARNINGS@", build::STRICT.join(" ")),
            ("@DEFINES@", defines.iter().map(|define| format!("{define} ")).collect()),
            ("@DEFINES_LINE@", if defines.is_empty() { String::new() } else { line }),
            ("@LINK_FLAGS@", LINK_FLAGS.join(" ")),
            ("@AROUND@", AROUND_SOURCES.join(" ")),
            ("@SOURCES@", sources.collect::<Vec<_>>().join(" ")),
            ("@HEADERS@", headers.collect::<Vec<_>>().join(" ")),
            ("@SCRIPT@", kit.script()),
            ("@MACHINE@", board.map_or("", |board| board.machine).to_owned()),
            ("@STANDIN_NOTE@", board.map_or("", |board| board.note).to_owned()),
            ("@STANDIN_OBJECT@", if has_uart { " build/standin.o" } else { "" }.to_owned()),
            ("@STANDIN_SOURCE@", if has_uart { " standin.c" } else { "" }.to_owned()),
            ("@UART_ADDRESS@", format!("{:#010x}", board.and_then(|board| board.uart).unwrap_or(0))),
            ("@SERIAL@", format!("{}-serial stdio", "-serial null ".repeat(before))),
        ]
    }
}

fn filled(template: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(template.to_owned(), |text, (mark, value)| text.replace(mark, value))
}
