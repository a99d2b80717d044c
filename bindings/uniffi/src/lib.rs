//! The UniFFI surface that Python, Kotlin, Java, Swift and Ruby stand on.
