using Sluice.Catalog.Store;

namespace Sluice.CatalogApi;

/// <summary>Looks at memory, waiting work and, with SQLite, the disk.</summary>
internal sealed class ResourceHealth(DatabaseAddress database, TimeProvider time)
{
    private const double MostMemory = 0.9;
    private const long MostQueued = 1_000;
    private const long LeastDisk = 256L * 1024 * 1024;

    public ResourceCheck Check()
    {
        var started = time.GetTimestamp();
        // Of the container, where there is one.
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var (memory, queued, disk) = (Environment.WorkingSet, ThreadPool.PendingWorkItemCount, DiskFree());
        var detail = Fault(memory, limit, queued, disk);
        return new ResourceCheck(
            detail is null ? HealthStatus.Ok : HealthStatus.Degraded, HealthEndpoints.Milliseconds(time.GetElapsedTime(started)), memory, limit, queued, disk, detail);
    }

    /// <summary>What is nearly used up; null when nothing is.</summary>
    internal static string? Fault(long memory, long memoryLimit, long queued, long? diskFree) =>
        memory > MostMemory * memoryLimit ? $"Memory: {memory / (1024 * 1024)} of {memoryLimit / (1024 * 1024)} MB are used."
        : queued > MostQueued ? $"{queued} pieces of work wait for a thread."
        : diskFree < LeastDisk ? $"{diskFree / (1024 * 1024)} MB are left on the disk of the database."
        : null;

    private long? DiskFree()
    {
        try
        {
            return database is DatabaseAddress.SqliteFile file ? new DriveInfo(Path.GetDirectoryName(file.Path)!).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Some file systems do not say.
            return null;
        }
    }
}
