using System;
using System.Collections.Generic;
using System.Linq;

namespace SendIm
{
    /// <summary>What a diagnosis checks, in the order in which a send meets it.</summary>
    public enum CheckName
    {
        /// <summary>A name that a newer native library gave and this package does not know.</summary>
        Other,
        /// <summary>Whether the server's names have addresses.</summary>
        Names,
        /// <summary>Which proxy is on the way, and whether it makes connections.</summary>
        Proxy,
        /// <summary>Which addresses take a connection.</summary>
        Tcp,
        /// <summary>The TLS handshake and the server's certificate.</summary>
        Tls,
        /// <summary>The way to the account's home pool.</summary>
        Discovery,
        /// <summary>Whether the servers on the way may get the password or a token.</summary>
        Trust,
        /// <summary>Which ways of signing in the server offers.</summary>
        Challenge,
        /// <summary>Getting a token.</summary>
        SignIn,
        /// <summary>Opening a session.</summary>
        Application,
        /// <summary>One request for events.</summary>
        EventChannel,
        /// <summary>How far this machine's clock is from the server's.</summary>
        Clock,
        /// <summary>Closing the session.</summary>
        SignOut,
    }

    /// <summary>How a check ended.</summary>
    public enum CheckOutcome
    {
        /// <summary>A name that a newer native library gave and this package does not know.</summary>
        Other,
        /// <summary>As it should be.</summary>
        Passed,
        /// <summary>A send works, but this should be looked at.</summary>
        Warning,
        /// <summary>A send fails here, or does not learn what became of its message.</summary>
        Failed,
        /// <summary>Not reached, or not needed.</summary>
        Skipped,
    }

    /// <summary>Who can do something about a check that did not pass.</summary>
    public enum AdviceOwner
    {
        /// <summary>A name that a newer native library gave and this package does not know.</summary>
        Other,
        /// <summary>Whoever runs the program.</summary>
        You,
        /// <summary>Whoever runs the network: names, proxies, firewalls, gateways.</summary>
        Network,
        /// <summary>Whoever runs the pool.</summary>
        PoolAdministrator,
    }

    /// <summary>What to do about a warning or a failure, and who can.</summary>
    public sealed class Advice
    {
        /// <summary>Advice, for the tests of a program; its parameters are the properties of these names.</summary>
        public Advice(string what, AdviceOwner who)
        {
            What = what ?? throw new ArgumentNullException(nameof(what));
            Who = who;
        }

        /// <summary>One or two sentences.</summary>
        public string What { get; }

        /// <summary>Who can do it.</summary>
        public AdviceOwner Who { get; }

        /// <summary>Who can do what.</summary>
        public override string ToString() => $"{Who}: {What}";
    }

    /// <summary>One check of a diagnosis. It holds no password, token or cookie.</summary>
    /// <remarks>A type called Check would hide those of test libraries.</remarks>
    public sealed class DiagnosisCheck
    {
        /// <summary>A check, for the tests of a program; its parameters are the properties of these names.</summary>
        public DiagnosisCheck(
            CheckName name,
            CheckOutcome outcome,
            string seen,
            TimeSpan elapsed = default,
            Advice? advice = null,
            ErrorKind? kind = null)
        {
            Name = name;
            Outcome = outcome;
            Seen = seen ?? throw new ArgumentNullException(nameof(seen));
            Elapsed = elapsed;
            Advice = advice;
            Kind = kind;
        }

        /// <summary>What was checked.</summary>
        public CheckName Name { get; }

        /// <summary>How it ended.</summary>
        public CheckOutcome Outcome { get; }

        /// <summary>What was seen, for people: names, addresses, versions, answers.</summary>
        public string Seen { get; }

        /// <summary>How long it took.</summary>
        public TimeSpan Elapsed { get; }

        /// <summary>What to do, where there is something to do.</summary>
        public Advice? Advice { get; }

        /// <summary>The kind of error a program meets, of a failure and of some warnings.</summary>
        public ErrorKind? Kind { get; }

        /// <summary>The check in a line.</summary>
        public override string ToString() => $"{Name} {Outcome}: {Seen}";
    }

    /// <summary>What <see cref="Account.DiagnoseAsync"/> found.</summary>
    public sealed class Diagnosis
    {
        /// <summary>A diagnosis, for the tests of a program.</summary>
        public Diagnosis(IReadOnlyList<DiagnosisCheck> checks)
        {
            Checks = checks ?? throw new ArgumentNullException(nameof(checks));
        }

        /// <summary>
        /// The checks, in the order in which they were made. Those of names, connection and TLS come once more where discovery
        /// leads to another server.
        /// </summary>
        public IReadOnlyList<DiagnosisCheck> Checks { get; }

        /// <summary>The first check that failed; null where none did.</summary>
        public DiagnosisCheck? Failure => Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed);
    }
}
