using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Domain.Analysis;
using Sluice.Domain.Analysis.Thresholds;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Tests.Http;
using Sluice.Testing;

namespace Sluice.Platforms.Tests.Prometheus;

/// <summary>A real Prometheus that scrapes a real target.</summary>
public sealed class RealPrometheusTests
{
    [Fact]
    public async Task Vectors_scalars_NaN_nothing_and_errors_are_what_the_adapter_takes_them_for()
    {
        Assert.SkipUnless(PrometheusServer.IsInstalled, "Needs Prometheus: install the package prometheus, or set SLUICE_TEST_PROMETHEUS to its program.");
        long requests = 100;
        await using var target = await TestServer.StartAsync(http => http.Response.WriteAsync(Exposition(Volatile.Read(ref requests))));
        await using var prometheus = await PrometheusServer.StartAsync(new Uri(target.Endpoint.BaseAddress, "/metrics"));
        var access = new HttpAccess(prometheus.Url.ToString());

        Assert.Equal([100], (await AskAsync(access, """requests_total{revision="{revision}"}""")).Values);
        Assert.Equal([1, 2], (await AskAsync(access, "sort(weird)")).Values);
        Assert.Equal([7], (await AskAsync(access, "scalar(vector(7))")).Values);
        Assert.Equal([double.NaN], (await AskAsync(access, "vector(0) / vector(0)")).Values);
        Assert.Equal([double.PositiveInfinity], (await AskAsync(access, "vector(1) / vector(0)")).Values);
        Assert.Equal(new QueryResult([]).Values, (await AskAsync(access, "nothing_of_this_name")).Values);
        Assert.Equal([0.1], (await AskAsync(access, """histogram_quantile(0.5, sum by (le) (duration_seconds_bucket{revision="{revision}"}))""")).Values);
        Assert.Contains("the query returns a matrix", (await AskAsync(access, "up[1m]")).Error, StringComparison.Ordinal);
        Assert.Contains("the query returns a string", (await AskAsync(access, "\"text\"")).Error, StringComparison.Ordinal);
        Assert.Contains("400 bad_data: ", (await AskAsync(access, "sum(")).Error, StringComparison.Ordinal);
        Assert.Contains("parse error", (await AskAsync(access, "sum(")).Error, StringComparison.Ordinal);
        Assert.Contains("422 execution: ", (await AskAsync(access, "label_replace(weird, \"kind\", \"x\", \"kind\", \".*\")")).Error, StringComparison.Ordinal);

        // A value with everything that ends a string or a pattern asks for itself and nothing else.
        const string odd = "a\"} or vector(1) # \\ '.*";
        Assert.Empty((await AskAsync(access, """requests_total{revision="{revision}"}""", odd)).Values);
        Assert.Empty((await AskAsync(access, """requests_total{revision=~"{revision}"}""", odd)).Values);
        Assert.Null((await AskAsync(access, """requests_total{revision=~"{revision}"}""", odd)).Error);
        Assert.Equal([100], (await AskAsync(access, """requests_total{revision=~"{revision}"}""")).Values);
        Assert.Empty((await AskAsync(access, """requests_total{revision=~"{revision}"}""", "v.")).Values);

        // Raw counters, as the judge subtracts them.
        var source = new MetricsSpec.Prometheus(
            access, "revision", "sum by (revision) (requests_total)", "sum by (revision) (errors_total)", "sum by (revision, le) (duration_seconds_bucket)", TimeSpan.Zero);
        var before = await ReadAsync(source);
        Assert.Equal((100, 3), (before.Revisions["v2"].Requests, before.Revisions["v2"].Errors));
        Assert.Equal(100, before.Revisions["v2"].Latency.Sum());
        Volatile.Write(ref requests, 150);
        var after = await Eventually.AsyncOf(() => ReadAsync(source), r => r.Revisions["v2"].Requests == 150, "the next scrape");
        Assert.Equal(50, after.Revisions["v2"].Since(before.Revisions["v2"]).Requests);
        Assert.Equal(before.Epoch, after.Epoch);
    }

    private static string Exposition(long requests) => string.Create(CultureInfo.InvariantCulture, $$"""
        # TYPE requests_total counter
        requests_total{revision="v2"} {{requests}}
        # TYPE errors_total counter
        errors_total{revision="v2"} 3
        # TYPE duration_seconds histogram
        duration_seconds_bucket{revision="v2",le="0.1"} 50
        duration_seconds_bucket{revision="v2",le="0.5"} 90
        duration_seconds_bucket{revision="v2",le="+Inf"} 100
        weird{kind="a"} 1
        weird{kind="b"} 2

        """).Replace("\r", "", StringComparison.Ordinal);

    private static Task<QueryResult> AskAsync(HttpAccess access, string query, string revision = "v2")
    {
        var provider = new ProviderSpec.Prometheus { Name = "p", Access = access };
        return new MetricAdapters(new OneSecret(), TimeProvider.System).Queries(provider).AskAsync(provider, query, new QueryArguments(revision, "v1", "production", "shop"), default);
    }

    private static Task<MetricReading> ReadAsync(MetricsSpec.Prometheus source) => new MetricAdapters(new OneSecret(), TimeProvider.System).Counters.ReadAsync(
        new EnvironmentTarget("shop", new EnvironmentSpec("production", new PlatformSpec.Process(["x"], ".", "PORT", "/", TimeSpan.Zero, 1, TimeSpan.Zero), new RouterSpec.None(), source, [])), default);
}
