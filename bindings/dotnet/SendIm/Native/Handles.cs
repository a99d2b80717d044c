using System;
using System.Runtime.InteropServices;

namespace SendIm.Native
{
    /// <summary>Something of the native library that belongs to us and is freed once, whoever forgets it.</summary>
    internal abstract class Handle : SafeHandle
    {
        protected Handle()
            : base(IntPtr.Zero, ownsHandle: true)
        {
        }

        protected Handle(IntPtr pointer)
            : this()
        {
            SetHandle(pointer);
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        /// <summary>The pointer, for those who hold this object until they are done with it.</summary>
        internal IntPtr Value => handle;

        protected sealed override bool ReleaseHandle()
        {
            Free(handle);
            return true;
        }

        protected abstract void Free(IntPtr pointer);
    }

    internal sealed class ErrorHandle : Handle
    {
        public ErrorHandle()
        {
        }

        internal ErrorHandle(IntPtr pointer)
            : base(pointer)
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_error_free(pointer);
    }

    internal sealed class ReceiptHandle : Handle
    {
        public ReceiptHandle()
        {
        }

        internal ReceiptHandle(IntPtr pointer)
            : base(pointer)
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_receipt_free(pointer);
    }

    internal sealed class ResultsHandle : Handle
    {
        public ResultsHandle()
        {
        }

        internal ResultsHandle(IntPtr pointer)
            : base(pointer)
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_results_free(pointer);
    }

    internal sealed class ClientHandle : Handle
    {
        public ClientHandle()
        {
        }

        internal ClientHandle(IntPtr pointer)
            : base(pointer)
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_client_free(pointer);
    }

    internal sealed class OptionsHandle : Handle
    {
        public OptionsHandle()
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_options_free(pointer);
    }

    internal sealed class MessagesHandle : Handle
    {
        public MessagesHandle()
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_messages_free(pointer);
    }

    internal sealed class CallHandle : Handle
    {
        public CallHandle()
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_call_free(pointer);
    }

    internal sealed class SandboxHandle : Handle
    {
        public SandboxHandle()
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_sandbox_free(pointer);
    }

    /// <summary>A text that was made for us.</summary>
    internal sealed class TextHandle : Handle
    {
        public TextHandle()
        {
        }

        protected override void Free(IntPtr pointer) => NativeMethods.send_im_string_free(pointer);
    }
}
