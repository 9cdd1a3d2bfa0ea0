using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Engine.Store;

/// <summary>
/// SQLite may be built without <c>usleep</c>, and the build that is bundled is: each wait of its, even the microsecond between two looks at
/// the write-ahead log, is then a whole second, and a busy engine stands still now and again. Here the default VFS is replaced by a copy of
/// itself that sleeps as long as it is told (https://www.sqlite.org/vfs.html, https://www.sqlite.org/c3ref/vfs.html).
/// </summary>
internal static unsafe partial class ExactSleep
{
    private static readonly Lazy<bool> Installed = new(Register);

    /// <summary>Once in a process, before a database is opened.</summary>
    public static void Install() => _ = Installed.Value;

    /// <summary>Name of the VFS that databases are opened with.</summary>
    public static string? DefaultName => Marshal.PtrToStringUTF8((nint)Default()->Name);

    private static bool Register()
    {
        var vfs = (Vfs*)NativeMemory.Alloc((nuint)sizeof(Vfs));
        *vfs = *Default();
        vfs->Version = Math.Min(vfs->Version, 3);
        vfs->Next = null;
        vfs->Name = (byte*)Marshal.StringToCoTaskMemUTF8("exact-sleep");
        vfs->Sleep = &Sleep;
        return Register(vfs, makeDefault: 1) == 0;
    }

    private static Vfs* Default()
    {
        var found = Find(null);
        return found is not null ? found : throw new EngineStoreException("StoreFailed", "SQLite has no default VFS. Its native library is not the one that was shipped.");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sleep(Vfs* vfs, int microseconds)
    {
        // The shortest waits are for another thread to leave a lock that it holds for less than a switch takes.
        if (microseconds < 200)
        {
            Thread.Yield();
        }
        else
        {
            Thread.Sleep((microseconds + 999) / 1000);
        }

        return microseconds;
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial Vfs* Find(byte* name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int Register(Vfs* vfs, int makeDefault);

#pragma warning disable CS0649 // Filled by the copy.
    /// <summary><c>sqlite3_vfs</c> of version 3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Vfs
    {
        public int Version;
        public int FileSize;
        public int MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* AppData;
        public void* Open;
        public void* Delete;
        public void* Access;
        public void* FullPathname;
        public void* DlOpen;
        public void* DlError;
        public void* DlSym;
        public void* DlClose;
        public void* Randomness;
        public delegate* unmanaged[Cdecl]<Vfs*, int, int> Sleep;
        public void* CurrentTime;
        public void* GetLastError;
        public void* CurrentTimeInt64;
        public void* SetSystemCall;
        public void* GetSystemCall;
        public void* NextSystemCall;
    }
#pragma warning restore CS0649
}
