using Sluice.Domain.Checklists;
using Sluice.Durable;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Activities;

/// <summary>Items of a checklist that are checked by machine.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">What is checked; null for whatever has the most traffic, before the release is deployed there.</param>
/// <param name="Items">Suites and metrics.</param>
public sealed record ChecksInput(EnvironmentTarget Target, string? Revision, IReadOnlyList<ChecklistItem> Items);

/// <summary>What the checks found.</summary>
/// <param name="Results">One for each item.</param>
public sealed record ChecksReport(IReadOnlyList<CheckResult> Results);

/// <summary>What one check found.</summary>
/// <param name="Name">Of the item.</param>
/// <param name="Passed">Whether it is done.</param>
/// <param name="Detail">The numbers, or what is missing.</param>
public sealed record CheckResult(string Name, bool Passed, string Detail);

/// <summary>Makes the checks of a checklist, all at once; one that cannot be made is not done, and says why.</summary>
public sealed class RunChecksActivity(IPlatforms platforms, ISmokeRunner smoke) : IActivity<ChecksInput, ChecksReport>
{
    private const int LongestDetail = 200;

    /// <inheritdoc/>
    public async Task<ChecksReport> RunAsync(ChecksInput input, CancellationToken cancellationToken)
    {
        var revision = input.Revision ?? (await platforms.Router(input.Target.Environment).GetAsync(input.Target, cancellationToken)).Largest();
        var results = await Task.WhenAll(input.Items.Select(item => CheckAsync(input.Target, revision, item, cancellationToken)));
        return new ChecksReport(results);
    }

    private async Task<CheckResult> CheckAsync(EnvironmentTarget target, string? revision, ChecklistItem item, CancellationToken cancellationToken)
    {
        if (revision is null)
        {
            return new CheckResult(item.Name, false, $"nothing serves in {target.Environment.Name} yet");
        }

        try
        {
            var (passed, detail) = item switch
            {
                ChecklistItem.Smoke s => await SmokeAsync(target, revision, s, cancellationToken),
                ChecklistItem.Metric m => await MeasureAsync(target, revision, m, cancellationToken),
                _ => (false, "it is not checked by machine"),
            };
            return new CheckResult(item.Name, passed, detail.Length <= LongestDetail ? detail : detail[..(LongestDetail - 1)] + "…");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new CheckResult(item.Name, false, $"could not be checked: {e.Message}");
        }
    }

    private async Task<(bool Passed, string Detail)> SmokeAsync(
        EnvironmentTarget target, string revision, ChecklistItem.Smoke item, CancellationToken cancellationToken)
    {
        var endpoint = await platforms.Router(target.Environment).GetProbeEndpointAsync(target, revision, cancellationToken);
        var report = await smoke.RunAsync(endpoint, item.Suite, cancellationToken);
        return report.Failures.Count == 0
            ? (true, $"{report.Passed} checks passed")
            : (false, $"{report.Failures.Count} of {report.Failures.Count + report.Passed} checks failed: {string.Join("; ", report.Failures)}");
    }

    private async Task<(bool Passed, string Detail)> MeasureAsync(
        EnvironmentTarget target, string revision, ChecklistItem.Metric item, CancellationToken cancellationToken)
    {
        var reading = platforms.Metrics(target.Environment) is { } source ? await source.ReadAsync(target, cancellationToken) : null;
        return MetricThreshold.Check(item, reading?.Revisions.GetValueOrDefault(revision));
    }
}
