namespace Sluice.Catalog.Tests;

/// <summary>Offers for tests, differing only in what the test is about.</summary>
internal static class Offers
{
    public static Offer Of(string id, Pricing? pricing = null, string name = "Lyra") => OfferId.TryParse(id, out var parsed)
        ? new Offer(
            parsed,
            "test",
            new Model("lyra|2", "aster", name, null, null, "2025-06"),
            new Modalities(["text", "image"], ["text"]),
            128_000,
            null,
            pricing ?? new Pricing(PriceKind.Unknown, null, null),
            OfferStatus.Beta)
        : throw new ArgumentException($"Not an id: {id}");
}

/// <summary>A folder that ends with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("catalog-tests-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class ManualClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.UtcTicks;

    public void Advance(TimeSpan by) => _now += by;
}

/// <summary>Timers that fire at once and tell what was asked of them.</summary>
internal sealed class RecordingTimers(List<TimeSpan> delays) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        delays.Add(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
