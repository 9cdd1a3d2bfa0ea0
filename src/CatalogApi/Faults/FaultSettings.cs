using System.Globalization;

namespace Sluice.CatalogApi;

/// <summary>How a release misbehaves on purpose, so that catching a bad one can be tried on a real process.</summary>
/// <param name="ErrorRate">Fraction of <c>/v1</c> requests answered 500, spread evenly: 0.05 is exactly 5 in any 100 in a row.</param>
/// <param name="Latency">Added to every <c>/v1</c> request.</param>
/// <param name="CrashAfter">The process dies after so many <c>/v1</c> requests; 0 never.</param>
/// <param name="Unhealthy"><c>/health</c> answers 503.</param>
/// <param name="NeverListen">The process lives but opens no port.</param>
/// <param name="StartDelay">Passes before the port opens.</param>
internal sealed record FaultSettings(
    decimal ErrorRate = 0,
    TimeSpan Latency = default,
    int CrashAfter = 0,
    bool Unhealthy = false,
    bool NeverListen = false,
    TimeSpan StartDelay = default)
{
    private const int TenMinutes = 600_000;

    public static FaultSettings Read(SettingsReader values) => new(
        values.Fraction("FAULT_ERROR_RATE"),
        TimeSpan.FromMilliseconds(values.Integer("FAULT_LATENCY_MS", 0, 0, TenMinutes)),
        values.Integer("FAULT_CRASH_AFTER", 0, 0, int.MaxValue),
        values.Switch("FAULT_UNHEALTHY"),
        values.Switch("FAULT_NEVER_LISTEN"),
        TimeSpan.FromMilliseconds(values.Integer("FAULT_START_DELAY_MS", 0, 0, TenMinutes)));

    /// <summary>The switches that are on, as they were set; empty when none is.</summary>
    public override string ToString()
    {
        List<string> on = [];
        Add(ErrorRate > 0, "FAULT_ERROR_RATE", ErrorRate);
        Add(Latency > TimeSpan.Zero, "FAULT_LATENCY_MS", Latency.TotalMilliseconds);
        Add(CrashAfter > 0, "FAULT_CRASH_AFTER", CrashAfter);
        Add(Unhealthy, "FAULT_UNHEALTHY", "true");
        Add(NeverListen, "FAULT_NEVER_LISTEN", "true");
        Add(StartDelay > TimeSpan.Zero, "FAULT_START_DELAY_MS", StartDelay.TotalMilliseconds);
        return string.Join(' ', on);

        void Add(bool isOn, string name, object value)
        {
            if (isOn)
            {
                on.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));
            }
        }
    }
}
