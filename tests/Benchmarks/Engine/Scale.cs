using System.Globalization;

namespace Sluice.Benchmarks.Engine;

/// <summary>How much is measured.</summary>
/// <param name="Full">Everything, however long it takes.</param>
/// <param name="Week">One part in so many of the week.</param>
internal sealed record Scale(bool Full, int Week)
{
    /// <summary>What a child of the benchmark is told.</summary>
    public string[] Arguments => [$"{Full}", Week.ToString(CultureInfo.InvariantCulture)];

    public static Scale Parse(string full, string week) => new(bool.Parse(full), int.Parse(week, CultureInfo.InvariantCulture));
}
