//! The data sets that are known by name: what they are, where they come from, what their files are.
//!
//! What is said of licences is what the publishers say; whoever uses a data set has to look for himself.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{DatasetError, Source, check_md5, cifar};

/// A data set that is known by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What the publisher allows.
    pub licence: &'static str,
    /// Where it is described.
    pub home: &'static str,
    /// How it is had.
    pub supply: Supply,
}

/// How a data set is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Supply {
    /// It is drawn from a seed.
    BuiltIn,
    /// Its files are fetched from any of the places, each a folder, and checked.
    Fetched {
        /// Where the files lie, the publisher first.
        places: &'static [&'static str],
        /// The files.
        files: &'static [PublishedFile],
    },
    /// No checksum is published, so that whoever wants it has to get it.
    ByHand {
        /// How.
        how: &'static str,
    },
}

/// A file as it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedFile {
    /// Its name.
    pub name: &'static str,
    /// Its MD5.
    pub md5: &'static str,
    /// It is no longer than this.
    pub most_bytes: u64,
}

const fn file(name: &'static str, md5: &'static str, most_mib: u64) -> PublishedFile {
    PublishedFile { name, md5, most_bytes: most_mib << 20 }
}

/// All that are known.
pub const PUBLISHED: &[Published] = &[
    Published {
        name: "synthetic",
        about: "ten kinds of figures, 32x32 in colour, 10,000 to learn from and 2,000 to test",
        licence: "AutoMCU's own",
        home: "built in",
        supply: Supply::BuiltIn,
    },
    Published {
        name: "signals",
        about: "eight kinds of movement on three channels, 128 steps, 10,000 to learn from and 2,000 to test",
        licence: "AutoMCU's own",
        home: "built in",
        supply: Supply::BuiltIn,
    },
    Published {
        name: "mnist",
        about: "handwritten digits, 28x28 grey, 60,000 to learn from and 10,000 to test",
        licence: "commonly given as CC BY-SA 3.0",
        home: "http://yann.lecun.com/exdb/mnist/",
        supply: Supply::Fetched {
            places: &["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"],
            files: &[
                file("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 16),
                file("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 1),
                file("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 4),
                file("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 1),
            ],
        },
    },
    Published {
        name: "fashion-mnist",
        about: "clothing, 28x28 grey, 60,000 to learn from and 10,000 to test",
        licence: "MIT",
        home: "https://github.com/zalandoresearch/fashion-mnist",
        supply: Supply::Fetched {
            places: &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
            files: &[
                file("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 32),
                file("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 1),
                file("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 8),
                file("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 1),
            ],
        },
    },
    Published {
        name: "cifar-10",
        about: "photographs of 10 classes, 32x32 in colour, 50,000 to learn from and 10,000 to test",
        licence: "none stated; cite Krizhevsky 2009",
        home: "https://www.cs.toronto.edu/~kriz/cifar.html",
        supply: Supply::Fetched {
            places: &["https://www.cs.toronto.edu/~kriz/"],
            files: &[file("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 256)],
        },
    },
    Published {
        name: "cifar-100",
        about: "photographs of 100 classes, 32x32 in colour, 50,000 to learn from and 10,000 to test",
        licence: "none stated; cite Krizhevsky 2009",
        home: "https://www.cs.toronto.edu/~kriz/cifar.html",
        supply: Supply::Fetched {
            places: &["https://www.cs.toronto.edu/~kriz/"],
            files: &[file("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", 256)],
        },
    },
    Published {
        name: "fsdd",
        about: "spoken digits of six speakers at 8 kHz, 2,700 to learn from and 300 to test",
        licence: "CC BY-SA 4.0",
        home: "https://github.com/Jakobovski/free-spoken-digit-dataset",
        supply: Supply::ByHand { how: "clone that repository, and name its folder instead" },
    },
    Published {
        name: "har",
        about: "activities of 30 people by a phone's accelerometer and gyroscope, 128 steps, 7,352 to learn from and 2,947 to test",
        licence: "CC BY 4.0",
        home: "https://doi.org/10.24432/C54S4K",
        supply: Supply::ByHand {
            how: "save its windows as train-x.npy, train-y.npy, train-subject.npy and so for test, and name their folder instead",
        },
    },
];

/// What the classes of Fashion-MNIST are, which its files do not say.
const CLOTHES: &str = "T-shirt/top\nTrouser\nPullover\nDress\nCoat\nSandal\nShirt\nSneaker\nBag\nAnkle boot\n";

impl Published {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PUBLISHED.iter().find(|published| published.name == name)
    }

    /// Makes the published files of a folder ready to be read: unpacks what is packed, and writes what the files do not say.
    pub fn ready(&self, folder: &Path) -> Result<Source, DatasetError> {
        if self.name == "fashion-mnist" {
            write_new(&folder.join("class-names.txt"), CLOTHES.as_bytes())?;
        }
        if let Supply::Fetched { files: [archive], .. } = self.supply {
            cifar::unpack(&folder.join(archive.name), folder)?;
        }
        Source::open(folder)
    }

    /// Copies what a folder of a user's holds, each file checked where its checksum is published.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<(), DatasetError> {
        let Supply::Fetched { files, .. } = self.supply else { return Ok(()) };
        for file in files {
            let own = from.join(file.name);
            if !own.is_file() && cifar::copy(from, to)? {
                return Ok(());
            }
            check_md5(&own, file.md5)?;
            copy(&own, &to.join(file.name))?;
        }
        Ok(())
    }
}

/// Copies a file so that it is there whole or not at all.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), DatasetError> {
    if from == to {
        return Ok(());
    }
    let mut source = File::open(from).map_err(DatasetError::unreadable(from))?;
    whole(to, |file| io::copy(&mut source, file).map(|_| ()))
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
    if path.exists() {
        return Ok(());
    }
    whole(path, |file| file.write_all(bytes))
}

/// Writes a file under another name first, so that it is there whole or not at all.
pub(crate) fn whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), DatasetError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let written = File::create(&new).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    let written = written.and_then(|()| std::fs::rename(&new, path));
    written.map_err(|error| {
        // What is left of it is of no use.
        let _ = std::fs::remove_file(&new);
        DatasetError::Write { path: path.to_owned(), error }
    })
}
