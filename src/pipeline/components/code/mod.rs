//! A step in Python.

mod exchange;
#[cfg(test)]
mod exchange_tests;
mod imports;
mod process;
mod python_script;
#[cfg(test)]
mod tests;

pub use python_script::PythonScript;
