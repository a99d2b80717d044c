//! Client and sandbox held against recorded UCWA traffic.
