//! The history from outside: what is promised, and what survives.
mod damage;
mod events;
mod flush;
mod golden;
mod kill;
mod pages;
mod random;
mod story;
mod support;
mod sweep;
mod transfer;
