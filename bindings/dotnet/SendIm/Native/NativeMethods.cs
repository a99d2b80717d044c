using System;
using System.Runtime.InteropServices;

namespace SendIm.Native
{
    /// <summary>The functions of <c>send_im.h</c> as they are. Texts go as UTF-8 with a NUL at the end.</summary>
    internal static class NativeMethods
    {
        internal const string Name = "send_im";
        private const CallingConvention C = CallingConvention.Cdecl;

        [UnmanagedFunctionPointer(C)]
        internal delegate void OnEnd(IntPtr userData);
        [UnmanagedFunctionPointer(C)]
        internal delegate void OnStep(IntPtr userData, IntPtr record);
        [UnmanagedFunctionPointer(C)]
        internal delegate void OnToken(IntPtr userData, IntPtr request, IntPtr reply);
        [UnmanagedFunctionPointer(C)]
        internal delegate void OnRelease(IntPtr userData);

        [DllImport(Name, CallingConvention = C)] internal static extern uint send_im_abi_version();
        [DllImport(Name, CallingConvention = C)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool send_im_wind_down(ulong timeoutMs);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_string_free(IntPtr text);
        [DllImport(Name, CallingConvention = C)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool send_im_may_wait();
        [DllImport(Name, CallingConvention = C)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool send_im_call_wait(CallHandle call, long timeoutMs);
        [DllImport(Name, CallingConvention = C)]
        internal static extern void send_im_call_on_end(CallHandle call, OnEnd callback, IntPtr userData);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_call_cancel(CallHandle call);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_call_take(CallHandle call);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_call_take_receipt(CallHandle call, out IntPtr receipt);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_call_take_client(CallHandle call, out ClientHandle client);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_call_take_results(CallHandle call, out IntPtr results);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_call_take_diagnosis(CallHandle call, out IntPtr diagnosis);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_diagnose_begin(OptionsHandle options, out CallHandle call);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_call_free(IntPtr call);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_begin(OptionsHandle options, byte[] to, byte[] text, out CallHandle call);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_client_sign_in_begin(OptionsHandle options, out CallHandle call);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_client_send_begin(
            ClientHandle client, OptionsHandle options, byte[] to, byte[] text, out CallHandle call);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_client_send_all_begin(
            ClientHandle client, MessagesHandle messages, out CallHandle call);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_client_sign_out_begin(ClientHandle client, long timeoutMs, out CallHandle call);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_client_cancel_all(ClientHandle client);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_client_free(IntPtr client);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_error_to_json(IntPtr error);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_error_free(IntPtr error);
        [DllImport(Name, CallingConvention = C)] internal static extern OptionsHandle send_im_options_new();
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_options_set(OptionsHandle options, byte[] name, byte[]? value);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_options_on_step(
            OptionsHandle options, OnStep callback, IntPtr userData, OnRelease release);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_options_on_token(
            OptionsHandle options, OnToken callback, IntPtr userData, OnRelease release);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_options_free(IntPtr options);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_receipt_to_json(IntPtr receipt);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_receipt_free(IntPtr receipt);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_step_name(int step);
        [DllImport(Name, CallingConvention = C)] internal static extern int send_im_step_record_step(IntPtr record);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_step_record_host(IntPtr record);
        [DllImport(Name, CallingConvention = C)] internal static extern int send_im_step_record_status(IntPtr record);
        [DllImport(Name, CallingConvention = C)] internal static extern double send_im_step_record_elapsed_ms(IntPtr record);
        [DllImport(Name, CallingConvention = C)] internal static extern MessagesHandle send_im_messages_new();
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_messages_add(
            MessagesHandle messages, OptionsHandle options, byte[] to, byte[] text);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_messages_free(IntPtr messages);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_results_receipt(IntPtr results, UIntPtr index);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_results_error(IntPtr results, UIntPtr index);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_results_free(IntPtr results);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_sandbox_start(byte[] options, out SandboxHandle sandbox);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_sandbox_url(SandboxHandle sandbox);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_sandbox_ca_file(SandboxHandle sandbox);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_sandbox_inbox(SandboxHandle sandbox, byte[]? address, out IntPtr messages);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_sandbox_wait_for(
            SandboxHandle sandbox, UIntPtr count, ulong timeoutMs, out IntPtr messages);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_sandbox_request(
            SandboxHandle sandbox, byte[] method, byte[] path, byte[]? json, out IntPtr answer);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_sandbox_add_fault(SandboxHandle sandbox, byte[] fault);
        [DllImport(Name, CallingConvention = C)] internal static extern void send_im_sandbox_free(IntPtr sandbox);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_token_request_origin(IntPtr request);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_token_request_authorization_uri(IntPtr request);
        [DllImport(Name, CallingConvention = C)] internal static extern IntPtr send_im_token_request_client_id(IntPtr request);
        [DllImport(Name, CallingConvention = C)]
        internal static extern IntPtr send_im_token_request_trusted_issuers(IntPtr request);
        [DllImport(Name, CallingConvention = C)] [return: MarshalAs(UnmanagedType.I1)]
        internal static extern bool send_im_token_request_rejected(IntPtr request);
        [DllImport(Name, CallingConvention = C)]
        internal static extern void send_im_token_reply_resolve(IntPtr reply, byte[] token, ulong expiresInMs);
        [DllImport(Name, CallingConvention = C)]
        internal static extern void send_im_token_reply_fail(IntPtr reply, byte[] reason, ulong cause);
    }

    /// <summary>An object of the native library that belongs to us and is freed once, whoever forgets it.</summary>
    internal abstract class Handle : SafeHandle
    {
        private readonly Action<IntPtr> free;

        protected Handle(Action<IntPtr> free)
            : base(IntPtr.Zero, ownsHandle: true)
        {
            this.free = free;
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected sealed override bool ReleaseHandle()
        {
            free(handle);
            return true;
        }
    }

    internal sealed class CallHandle : Handle
    {
        public CallHandle() : base(NativeMethods.send_im_call_free) { }
    }

    internal sealed class ClientHandle : Handle
    {
        public ClientHandle() : base(NativeMethods.send_im_client_free) { }
    }

    internal sealed class MessagesHandle : Handle
    {
        public MessagesHandle() : base(NativeMethods.send_im_messages_free) { }
    }

    internal sealed class OptionsHandle : Handle
    {
        public OptionsHandle() : base(NativeMethods.send_im_options_free) { }
    }

    internal sealed class SandboxHandle : Handle
    {
        public SandboxHandle() : base(NativeMethods.send_im_sandbox_free) { }
    }
}
