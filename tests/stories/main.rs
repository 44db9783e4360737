//! Whole stories, told to the program as a user would.

mod check;
mod documents;
mod interpreter;
mod manual;
mod schemas;
mod targets;
