using System;
using System.Runtime.InteropServices;

namespace SendIm.Native
{
    /// <summary>An object of the native library that belongs to us and is freed once, whoever forgets it.</summary>
    internal abstract class Handle : SafeHandle
    {
        protected Handle()
            : base(IntPtr.Zero, ownsHandle: true)
        {
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected sealed override bool ReleaseHandle()
        {
            Free();
            return true;
        }

        protected abstract void Free();
    }

    internal sealed class CallHandle : Handle
    {
        protected override void Free() => NativeMethods.send_im_call_free(handle);
    }

    internal sealed class ClientHandle : Handle
    {
        protected override void Free() => NativeMethods.send_im_client_free(handle);
    }

    internal sealed class MessagesHandle : Handle
    {
        protected override void Free() => NativeMethods.send_im_messages_free(handle);
    }

    internal sealed class OptionsHandle : Handle
    {
        protected override void Free() => NativeMethods.send_im_options_free(handle);
    }

    internal sealed class SandboxHandle : Handle
    {
        protected override void Free() => NativeMethods.send_im_sandbox_free(handle);
    }
}
