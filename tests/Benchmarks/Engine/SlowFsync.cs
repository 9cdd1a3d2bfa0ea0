namespace Sluice.Benchmarks.Engine;

/// <summary>Throughput and latency again, on a disk whose fsync takes 2 ms, as one without a write cache does.</summary>
internal static class SlowFsync
{
    public static async Task<Figures> MeasureAsync(string folder, Scale scale)
    {
        var figures = await Throughput.MeasureAsync(folder, scale);
        return new Figures
        {
            ["slowFsyncP50Ms"] = figures["latencyP50Ms"],
            ["limitSlowFsyncP50Ms"] = figures["limitLatencyP50Ms"],
            ["slowFsyncThroughput"] = figures["throughput"],
            ["limitSlowFsyncThroughput"] = figures["limitThroughput"],
        };
    }
}
