//! A UCWA server for demonstrations and tests.
