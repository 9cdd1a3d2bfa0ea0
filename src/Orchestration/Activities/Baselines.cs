using Sluice.Domain.Analysis;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration.Activities;

/// <summary>A load test to run.</summary>
/// <param name="Target">Where.</param>
/// <param name="Revision">Against which revision.</param>
/// <param name="DeploymentId">Whose numbers they are.</param>
/// <param name="Step">How much, and by what it is judged.</param>
public sealed record BaselineInput(EnvironmentTarget Target, string Revision, string DeploymentId, Step.Baseline Step);

/// <summary>What a load test said.</summary>
/// <param name="Faults">Criteria that do not hold; empty when it passed.</param>
/// <param name="Summary">All criteria with their numbers.</param>
public sealed record BaselineReport(IReadOnlyList<string> Faults, string Summary);

/// <summary>Runs a load test against a revision whatever its weight, records it, and judges it against the last good ones.</summary>
public sealed class BaselineActivity(IPlatforms platforms, ILoadTest load, IDeploymentRegistry registry) : IActivity<BaselineInput, BaselineReport>
{
    private const string ErrorRate = "error_rate";
    private const string P50 = "p50_seconds";
    private const string P95 = "p95_seconds";
    private const string P99 = "p99_seconds";
    private const string Throughput = "requests_per_second";

    /// <inheritdoc/>
    public async Task<BaselineReport> RunAsync(BaselineInput input, CancellationToken cancellationToken)
    {
        var (target, step) = (input.Target, input.Step);
        var endpoint = await platforms.Router(target.Environment).GetProbeEndpointAsync(target, input.Revision, cancellationToken);
        var report = await load.RunAsync(endpoint, step.Path, step.Requests, step.Concurrency, cancellationToken);
        var rate = report.Requests == 0 ? 1 : (double)report.Errors / report.Requests;
        var measured = new BaselineNumbers(rate, report.P50Seconds, report.P95Seconds, report.P99Seconds) { RequestsPerSecond = report.RequestsPerSecond };
        await registry.PutBaselinesAsync(
            input.DeploymentId,
            new Dictionary<string, double>(StringComparer.Ordinal)
            {
                [ErrorRate] = rate,
                [P50] = report.P50Seconds,
                [P95] = report.P95Seconds,
                [P99] = report.P99Seconds,
                [Throughput] = report.RequestsPerSecond,
            },
            cancellationToken);
        var earlier = await registry.ListBaselinesAsync(target.Service, target.Environment.Name, step.CompareWith, cancellationToken);
        var verdict = BaselineJudge.Judge(
            step, measured, [.. earlier.Where(b => b.ContainsKey(P50) && b.ContainsKey(P95) && b.ContainsKey(P99))
                .Select(b => new BaselineNumbers(b.GetValueOrDefault(ErrorRate), b[P50], b[P95], b[P99])
                {
                    RequestsPerSecond = b.TryGetValue(Throughput, out var throughput) ? throughput : null,
                })]);
        RolloutMetrics.Judged(target, "baseline", verdict.Passed ? Verdict.Pass : Verdict.Fail);
        return new BaselineReport(
            verdict.Passed ? [] : [.. verdict.Lines.Where(l => l.StartsWith('✖'))], string.Join(", ", verdict.Lines));
    }
}
