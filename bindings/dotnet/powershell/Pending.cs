using System.Threading.Tasks;

namespace SendIm.PowerShell
{
    /// <summary>A call under way. A script waits for it bit by bit, so that Ctrl-C can end the script.</summary>
    public sealed class Pending
    {
        private readonly Task<object> task;

        internal Pending(Task<object> task) => this.task = task;

        /// <summary>What came of it, once it has ended: a receipt, a connection; null where it failed.</summary>
        public object? Result => task.Status == TaskStatus.RanToCompletion ? task.Result : null;

        /// <summary>Why it failed, once it has ended; null where it did not.</summary>
        public Failure? Failure =>
            task.IsCanceled ? Failure.Of(new SendImException(ErrorKind.Cancelled, "The call was cancelled.", Sent.Maybe))
            : task.Exception == null ? null
            : Failure.Of(task.Exception);

        /// <summary>Waits for its end.</summary>
        /// <param name="milliseconds">How long at most.</param>
        /// <returns>True when it has ended.</returns>
        public bool Wait(int milliseconds) => Task.WaitAny(new Task[] { task }, milliseconds) == 0;
    }
}
