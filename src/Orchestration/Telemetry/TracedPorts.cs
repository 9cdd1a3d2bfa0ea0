using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Telemetry;

/// <summary>The container as activities see it: every call of a port is a span and a duration. Adapters know nothing of it.</summary>
internal sealed class TracedPorts(IServiceProvider services) : IServiceProvider
{
    private static readonly Histogram<double> Duration = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.port.duration", "s", "Calls of platforms, routers, metric sources and their queries, smoke runner, load test, migrator and syncs.", advice: Buckets.Seconds);

    public object? GetService(Type serviceType)
    {
        var service = services.GetService(serviceType);
        return service switch
        {
            IPlatforms platforms when serviceType == typeof(IPlatforms) => new TracedPlatforms(platforms),
            ISmokeRunner smoke when serviceType == typeof(ISmokeRunner) => new TracedSmoke(smoke),
            ILoadTest load when serviceType == typeof(ILoadTest) => new TracedLoadTest(load),
            IMigrator migrator when serviceType == typeof(IMigrator) => new TracedMigrator(migrator),
            ISyncs syncs when serviceType == typeof(ISyncs) => new TracedSyncs(syncs),
            _ => service,
        };
    }

    private static async Task<T> CallAsync<T>(
        string port, string call, string adapter, Func<Task<T>> run, EnvironmentTarget? target = null, string? revision = null)
    {
        using var span = SluiceTelemetry.Source.HasListeners()
            ? SluiceTelemetry.Source.StartActivity($"{port} {call}", ActivityKind.Client)
            : null;
        span?.SetTag(Tags.Port, port).SetTag(Tags.Call, call).SetTag(Tags.Adapter, adapter)
            .SetTag(Tags.Service, target?.Service).SetTag(Tags.Environment, target?.Environment.Name).SetTag(Tags.Revision, revision);
        var tags = new TagList { { Tags.Port, port }, { Tags.Call, call }, { Tags.Adapter, adapter } };
        return await SluiceTelemetry.MeasureAsync(span, Duration, tags, run);
    }

    // As plans write the kind, but for dashes.
    private static string Kind(object? spec) => spec?.GetType().Name.ToLowerInvariant() ?? "none";

    private sealed class TracedPlatforms(IPlatforms inner) : IPlatforms
    {
        public IPlatform Platform(EnvironmentSpec environment) => new TracedPlatform(inner.Platform(environment));

        public ITrafficRouter Router(EnvironmentSpec environment) => new TracedRouter(inner.Router(environment));

        public IMetricSource? Metrics(EnvironmentSpec environment) =>
            inner.Metrics(environment) is { } source ? new TracedMetrics(source) : null;

        public IMetricQueries Queries(ProviderSpec provider) => new TracedQueries(inner.Queries(provider));
    }

    private sealed class TracedPlatform(IPlatform inner) : IPlatform
    {
        public Task<RevisionState> EnsureStartedAsync(RevisionRequest request, CancellationToken cancellationToken) =>
            Call("StartRevision", () => inner.EnsureStartedAsync(request, cancellationToken), request.Target, request.Revision);

        public Task<RevisionState> GetAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken) =>
            Call("GetRevision", () => inner.GetAsync(target, revision, cancellationToken), target, revision);

        public Task<IReadOnlyList<RevisionState>> ListAsync(EnvironmentTarget target, CancellationToken cancellationToken) =>
            Call("ListRevisions", () => inner.ListAsync(target, cancellationToken), target);

        public Task<RevisionState> EnsureStoppedAsync(
            EnvironmentTarget target, string revision, Fence fence, CancellationToken cancellationToken) =>
            Call("StopRevision", () => inner.EnsureStoppedAsync(target, revision, fence, cancellationToken), target, revision);

        private static Task<T> Call<T>(string call, Func<Task<T>> run, EnvironmentTarget target, string? revision = null) =>
            CallAsync("platform", call, Kind(target.Environment.Platform), run, target, revision);
    }

    private sealed class TracedRouter(ITrafficRouter inner) : ITrafficRouter
    {
        public RouterCapabilities Capabilities => inner.Capabilities;

        public Task<Traffic> GetAsync(EnvironmentTarget target, CancellationToken cancellationToken) =>
            Call("GetTraffic", () => inner.GetAsync(target, cancellationToken), target);

        public Task<Traffic> SetAsync(
            EnvironmentTarget target, Traffic wanted, Fence fence, string idempotencyKey, CancellationToken cancellationToken) =>
            Call("SetTraffic", () => inner.SetAsync(target, wanted, fence, idempotencyKey, cancellationToken), target);

        public Task<ProbeEndpoint> GetProbeEndpointAsync(EnvironmentTarget target, string revision, CancellationToken cancellationToken) =>
            Call("GetProbeEndpoint", () => inner.GetProbeEndpointAsync(target, revision, cancellationToken), target, revision);

        private static Task<T> Call<T>(string call, Func<Task<T>> run, EnvironmentTarget target, string? revision = null) =>
            CallAsync("router", call, Kind(target.Environment.Router), run, target, revision);
    }

    private sealed class TracedMetrics(IMetricSource inner) : IMetricSource
    {
        public Task<MetricReading> ReadAsync(EnvironmentTarget target, CancellationToken cancellationToken) => CallAsync(
            "metrics", "Read", Kind(target.Environment.Metrics), () => inner.ReadAsync(target, cancellationToken), target);
    }

    private sealed class TracedQueries(IMetricQueries inner) : IMetricQueries
    {
        public Task<QueryResult> AskAsync(ProviderSpec provider, string query, QueryArguments arguments, CancellationToken cancellationToken) =>
            CallAsync("queries", "Ask", Kind(provider), () => inner.AskAsync(provider, query, arguments, cancellationToken));
    }

    private sealed class TracedSmoke(ISmokeRunner inner) : ISmokeRunner
    {
        public Task<SmokeReport> RunAsync(ProbeEndpoint endpoint, SmokeSuite suite, CancellationToken cancellationToken) =>
            CallAsync("smoke", "Run", "http", () => inner.RunAsync(endpoint, suite, cancellationToken));
    }

    private sealed class TracedLoadTest(ILoadTest inner) : ILoadTest
    {
        public Task<LoadReport> RunAsync(
            ProbeEndpoint endpoint, string path, int requests, int concurrency, CancellationToken cancellationToken) =>
            CallAsync("load-test", "Run", "http", () => inner.RunAsync(endpoint, path, requests, concurrency, cancellationToken));
    }

    private sealed class TracedMigrator(IMigrator inner) : IMigrator
    {
        public Task<IReadOnlyList<string>> UpAsync(
            string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken) =>
            Call("Up", () => inner.UpAsync(connectionString, files, cancellationToken));

        public Task<IReadOnlyList<string>> PendingAsync(
            string connectionString, IReadOnlyList<SqlText> files, CancellationToken cancellationToken) =>
            Call("Pending", () => inner.PendingAsync(connectionString, files, cancellationToken));

        public Task DownAsync(
            string connectionString, IReadOnlyList<SqlText> down, IReadOnlyList<string> undone, CancellationToken cancellationToken) =>
            Call("Down", async () =>
            {
                await inner.DownAsync(connectionString, down, undone, cancellationToken);
                return true;
            });

        private static Task<T> Call<T>(string call, Func<Task<T>> run) => CallAsync("migrator", call, "sql", run);
    }

    private sealed class TracedSyncs(ISyncs inner) : ISyncs
    {
        public Task<SyncSighting> ReadAsync(HttpAccess access, SyncKind kind, DateTimeOffset since, CancellationToken cancellationToken) =>
            CallAsync("syncs", "Read", "http", () => inner.ReadAsync(access, kind, since, cancellationToken));

        public Task<string> EnsureLimitedAsync(HttpAccess access, SyncKind kind, SyncFailureAction action, string reason, CancellationToken cancellationToken) =>
            CallAsync("syncs", "Limit", "http", () => inner.EnsureLimitedAsync(access, kind, action, reason, cancellationToken));
    }
}
