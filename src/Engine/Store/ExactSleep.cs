using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Engine.Store;

/// <summary>
/// SQLite may be built without <c>usleep</c>, and the build that is bundled is: each wait of its, even the microsecond between two looks at
/// the write-ahead log, is then a whole second, and a busy engine stands still now and again. Here the default VFS is given a
/// sleep that is as long as it is told (https://www.sqlite.org/vfs.html, https://www.sqlite.org/c3ref/vfs.html).
/// </summary>
/// <remarks>Not a copy of it: databases that are open in the memory of this process are found by their name and their VFS.</remarks>
internal static unsafe partial class ExactSleep
{
    /// <summary>From now on, for every database of the process.</summary>
    public static void Install() => Default()->Sleep = &Sleep;

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

#pragma warning disable CS0649 // SQLite's.
    /// <summary>The beginning of <c>sqlite3_vfs</c>, the same in each of its versions.</summary>
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
    }
#pragma warning restore CS0649
}
