using System.Security.Cryptography;
using System.Text;
using Sluice.Domain.Plans;
using Sluice.Domain.Checklists;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What every deployment registry promises. Derive once per store; add no tests there.</summary>
public abstract class DeploymentRegistryContract : RegistryContract
{
    private IDeploymentRegistry Store => Registry.Deployments;

    [Fact]
    public async Task A_bundle_is_named_by_the_hash_of_its_canonical_bytes_whatever_the_order_of_its_files()
    {
        var bundle = new Bundle("schema: 1\n", new Dictionary<string, string> { ["smoke.yaml"] = "é \"x\"", ["db/001.sql"] = "SELECT '\0';" });
        var reordered = new Bundle("schema: 1\n", bundle.Files.Reverse().ToDictionary());
        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(
            """{"plan":"schema: 1\n","files":{"db/001.sql":"SELECT '\u0000';","smoke.yaml":"é \"x\""}}"""));

        var hash = await Store.PutBundleAsync(bundle, default);

        Assert.Equal(Convert.ToHexStringLower(expected), hash);
        Assert.Equal(hash, await Store.PutBundleAsync(reordered, default));
        var read = await Other.Deployments.GetBundleAsync(hash, default);
        Assert.Equal((bundle.Plan, bundle.Files.OrderBy(f => f.Key)), (read!.Plan, read.Files.OrderBy(f => f.Key)), (a, b) => a.Plan == b.Plan && a.Item2.SequenceEqual(b.Item2));
        Assert.Null(await Store.GetBundleAsync(new string('0', 64), default));
    }

    [Fact]
    public async Task Another_bundle_has_another_hash()
    {
        var one = await Store.PutBundleAsync(new("a", new Dictionary<string, string> { ["f"] = "x" }), default);
        var two = await Store.PutBundleAsync(new("a", new Dictionary<string, string> { ["f"] = "y" }), default);

        Assert.NotEqual(one, two);
    }

    [Fact]
    public async Task A_rollout_comes_back_as_it_was_added()
    {
        var rollout = Rollout("a", 1) with { RetryOf = "z", Release = new("v1.2.0-rc.1", "c0ffee", "oci://x"), CreatedAt = At(1).AddTicks(9_999) };

        var added = await Store.AddRolloutAsync(rollout, default);

        Assert.Equal(rollout with { CreatedAt = At(1) }, added);
        Assert.Equal(added, await Store.GetRolloutAsync("a", default));
        Assert.Null(await Store.GetRolloutAsync("b", default));
    }

    [Fact]
    public async Task Why_a_rollout_goes_another_way_comes_back_too()
    {
        var added = Rollout("a", 1) with { Emergency = "logins fail — ✓", FreezeOverride = "CVE-1" };

        await Store.AddRolloutAsync(added, default);

        Assert.Equal(added, await Store.GetRolloutAsync("a", default));
    }

    [Fact]
    public async Task A_rollout_that_exists_stays_as_it_is_and_is_returned()
    {
        await Store.AddRolloutAsync(Rollout("a", 1), default);

        var again = await Store.AddRolloutAsync(Rollout("a", 2) with { RequestHash = "other" }, default);

        Assert.Equal(Rollout("a", 1), again);
    }

    [Fact]
    public async Task Of_many_that_add_one_rollout_all_see_the_same_row()
    {
        var rows = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Registry : Other).Deployments.AddRolloutAsync(Rollout("a", i) with { RequestHash = $"h{i}" }, default))));

        Assert.Single(rows.Distinct());
    }

    [Fact]
    public async Task An_older_status_never_replaces_a_newer_one()
    {
        await Store.AddRolloutAsync(Rollout("a", 1), default);

        await Store.SetRolloutStatusAsync("a", 2, Status(Phase.Progressing, "second"), default);
        await Store.SetRolloutStatusAsync("a", 1, Status(Phase.Pending, "first"), default);
        await Store.SetRolloutStatusAsync("a", 2, Status(Phase.Progressing, "second"), default);

        var read = (await Store.GetRolloutAsync("a", default))!;
        Assert.Equal((2L, "second", Phase.Progressing), (read.StatusSequence, read.Status!.Message, read.Status.Phase));
        await Store.SetRolloutStatusAsync("unknown", 1, Status(Phase.Pending, "nobody"), default);
        Assert.Null(await Store.GetRolloutAsync("unknown", default));
    }

    [Fact]
    public async Task A_status_comes_back_whole()
    {
        var status = Status(Phase.Paused, "waits") with
        {
            PauseReason = PauseReason.Approval,
            WaitsUntil = At(9),
            WaitingFor = ["release-managers"],
            ActualWeight = 10,
            Weight = 10,
            Environment = "prod",
            Evidence = new string('e', 64),
            Items = [new ChecklistItemState("backups", true, "ana", "looked — ✓"), new ChecklistItemState("ci", false)],
            QueuePosition = 2,
            Emergency = "logins fail",
        };
        await Store.AddRolloutAsync(Rollout("a", 1), default);
        await Store.SetRolloutStatusAsync("a", 1, status, default);

        var read = (await Store.GetRolloutAsync("a", default))!.Status!;

        Assert.Equal(status.WaitingFor, read.WaitingFor);
        Assert.Equal(status with { WaitingFor = read.WaitingFor, ApprovedBy = read.ApprovedBy, Items = read.Items }, read);
        Assert.Equal(status.Items, read.Items);
    }

    [Fact]
    public async Task Rollouts_are_listed_newest_first_by_service_environment_and_phase()
    {
        await Store.AddRolloutAsync(Rollout("a", 1), default);
        await Store.AddRolloutAsync(Rollout("b", 3), default);
        await Store.AddRolloutAsync(Rollout("c", 2) with { Service = "web" }, default);
        await Store.AddRolloutAsync(Rollout("d", 3) with { Environment = "staging" }, default);
        await Store.SetRolloutStatusAsync("a", 1, Status(Phase.Degraded, ""), default);

        async Task<string> IdsAsync(RolloutQuery query) => string.Join(' ', (await Store.ListRolloutsAsync(query, default)).Items.Select(r => r.Id));

        Assert.Equal("d b c a", await IdsAsync(new()));
        Assert.Equal("d b a", await IdsAsync(new(Service: "api")));
        Assert.Equal("b c a", await IdsAsync(new(Environment: "prod")));
        Assert.Equal("a", await IdsAsync(new(Phase: Phase.Degraded)));
        Assert.Equal("d b c", await IdsAsync(new(Phase: Phase.Pending)));
    }

    [Fact]
    public async Task Pages_of_rollouts_hold_each_once_also_within_one_millisecond()
    {
        for (var i = 0; i < 10; i++)
        {
            await Store.AddRolloutAsync(Rollout($"r{i}", i / 4), default);
        }

        var ids = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await Store.ListRolloutsAsync(new(Limit: 3, Cursor: cursor), default);
            ids.AddRange(page.Items.Select(r => r.Id));
            cursor = page.Cursor;
            if (cursor is null)
            {
                break;
            }
        }

        Assert.Equal(["r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"], ids);
    }

    [Fact]
    public async Task A_deployment_is_inserted_then_updated_by_its_id()
    {
        var started = Deployment("a", 1, DeploymentStatus.InProgress);
        await Store.PutDeploymentAsync(started, default);
        Assert.Equal(started, await Store.GetDeploymentAsync("a", default), Same);

        var ended = started with
        {
            Status = DeploymentStatus.RolledBack,
            CommitSha = null,
            CompletedAt = At(9),
            PromotedAt = At(8),
            HealthScore = 62.5,
            ErrorCount = 12_345_678_901,
            RollbackReason = "errors 5.0 % > 1 %",
            Metadata = new Dictionary<string, string> { ["z"] = "1", ["emergency"] = "true" },
        };
        await Store.PutDeploymentAsync(ended, default);
        await Store.PutDeploymentAsync(ended, default);

        Assert.Equal(ended, await Store.GetDeploymentAsync("a", default), Same);
        Assert.Single((await Store.ListDeploymentsAsync(new(), default)).Items);
        Assert.Null(await Store.GetDeploymentAsync("b", default));
    }

    [Theory]
    [InlineData(DeploymentStatus.Pending)]
    [InlineData(DeploymentStatus.InProgress)]
    [InlineData(DeploymentStatus.Paused)]
    [InlineData(DeploymentStatus.Success)]
    [InlineData(DeploymentStatus.RolledBack)]
    [InlineData(DeploymentStatus.Aborted)]
    [InlineData(DeploymentStatus.Superseded)]
    [InlineData(DeploymentStatus.Rejected)]
    [InlineData(DeploymentStatus.Failed)]
    public async Task Every_status_comes_back_and_is_found_by_itself_only(DeploymentStatus status)
    {
        await Store.PutDeploymentAsync(Deployment("a", 1, status), default);

        Assert.Equal(status, (await Store.GetDeploymentAsync("a", default))!.Status);
        foreach (var asked in Enum.GetValues<DeploymentStatus>())
        {
            Assert.Equal(asked == status ? 1 : 0, (await Store.ListDeploymentsAsync(new(Status: asked), default)).Items.Count);
        }
    }

    [Fact]
    public async Task Times_are_stored_cut_to_milliseconds_and_as_points_in_time_whatever_their_offset()
    {
        var local = new DateTimeOffset(2026, 3, 1, 14, 1, 30, 123, TimeSpan.FromHours(2)).AddTicks(9_999);
        await Store.PutDeploymentAsync(Deployment("a", 1, DeploymentStatus.Success) with { StartedAt = local }, default);

        Assert.Equal(At(1), (await Store.GetDeploymentAsync("a", default))!.StartedAt);
    }

    [Fact]
    public async Task Deployments_are_filtered_by_everything_and_paged_newest_first()
    {
        for (var i = 0; i < 9; i++)
        {
            await Store.PutDeploymentAsync(
                Deployment($"d{i}", i / 2, i % 3 == 0 ? DeploymentStatus.RolledBack : DeploymentStatus.Success) with { Environment = i < 7 ? "prod" : "dev" }, default);
        }

        async Task<string> IdsAsync(DeploymentQuery query)
        {
            var ids = new List<string>();
            for (var page = await Store.ListDeploymentsAsync(query with { Limit = 2 }, default); ;
                page = await Store.ListDeploymentsAsync(query with { Limit = 2, Cursor = page.Cursor }, default))
            {
                ids.AddRange(page.Items.Select(d => d.Id));
                if (page.Cursor is null)
                {
                    return string.Join(' ', ids);
                }
            }
        }

        Assert.Equal("d8 d7 d6 d5 d4 d3 d2 d1 d0", await IdsAsync(new()));
        Assert.Equal("d8 d7", await IdsAsync(new(Environment: "dev")));
        Assert.Equal("d6 d3 d0", await IdsAsync(new(Status: DeploymentStatus.RolledBack)));
        Assert.Equal("d5 d4 d3 d2", await IdsAsync(new(Service: "api", From: At(1), To: At(3))));
        Assert.Equal("", await IdsAsync(new(Service: "web")));
    }

    [Fact]
    public async Task The_last_to_complete_is_stable_and_the_one_before_is_previous()
    {
        await Store.PutDeploymentAsync(Deployment("late", 1, DeploymentStatus.Success) with { CompletedAt = At(30) }, default);
        await Store.PutDeploymentAsync(Deployment("early", 2, DeploymentStatus.Success) with { CompletedAt = At(10) }, default);
        await Store.PutDeploymentAsync(Deployment("oldest", 0, DeploymentStatus.Success) with { CompletedAt = At(5) }, default);
        await Store.PutDeploymentAsync(Deployment("bad", 3, DeploymentStatus.RolledBack) with { CompletedAt = At(40) }, default);
        await Store.PutDeploymentAsync(Deployment("elsewhere", 3, DeploymentStatus.Success) with { CompletedAt = At(50), Environment = "dev" }, default);

        Assert.Equal(["late", "early"], (await Store.ListSuccessfulAsync("api", "prod", 2, default)).Select(d => d.Id));
        Assert.Empty(await Store.ListSuccessfulAsync("web", "prod", 2, default));
        Assert.Equal([("api", "dev"), ("api", "prod")], await Store.ListEnvironmentsAsync(default));
    }

    [Fact]
    public async Task Baselines_are_those_of_the_last_good_deployments_that_have_some()
    {
        foreach (var (id, minute, status) in new[]
        {
            ("one", 1, DeploymentStatus.Success), ("two", 2, DeploymentStatus.Success), ("bare", 3, DeploymentStatus.Success),
            ("bad", 4, DeploymentStatus.RolledBack), ("three", 5, DeploymentStatus.Success),
        })
        {
            await Store.PutDeploymentAsync(Deployment(id, minute, status) with { CompletedAt = At(minute) }, default);
        }

        await Store.PutBaselinesAsync("one", Values(1), default);
        await Store.PutBaselinesAsync("two", Values(99), default);
        await Store.PutBaselinesAsync("two", Values(2), default);
        await Store.PutBaselinesAsync("bad", Values(1000), default);
        await Store.PutBaselinesAsync("three", Values(0.1 + 0.2), default);

        var read = await Store.ListBaselinesAsync("api", "prod", 2, default);

        Assert.Equal([Values(0.1 + 0.2), Values(2)], read);
        Assert.Equal(3, (await Store.ListBaselinesAsync("api", "prod", 9, default)).Count);
        Assert.Empty(await Store.ListBaselinesAsync("api", "dev", 9, default));

        // What was good and is brought back later is no baseline any more.
        await Store.PutDeploymentAsync(Deployment("three", 5, DeploymentStatus.RolledBack) with { CompletedAt = At(5) }, default);
        Assert.Equal([Values(2), Values(1)], await Store.ListBaselinesAsync("api", "prod", 9, default));

        static Dictionary<string, double> Values(double p99) => new() { ["latency_p99_seconds"] = p99, ["error_rate"] = 0 };
    }

    [Theory]
    [InlineData(DeploymentStatus.Pending)]
    [InlineData(DeploymentStatus.InProgress)]
    [InlineData(DeploymentStatus.Paused)]
    [InlineData(DeploymentStatus.RolledBack)]
    [InlineData(DeploymentStatus.Aborted)]
    [InlineData(DeploymentStatus.Superseded)]
    [InlineData(DeploymentStatus.Rejected)]
    [InlineData(DeploymentStatus.Failed)]
    public async Task A_deployment_that_is_not_good_never_enters_the_baseline(DeploymentStatus status)
    {
        await Store.PutDeploymentAsync(Deployment("a", 1, status) with { CompletedAt = At(1) }, default);
        await Store.PutBaselinesAsync("a", new Dictionary<string, double> { ["p99_seconds"] = 1 }, default);

        Assert.Empty(await Store.ListBaselinesAsync("api", "prod", 9, default));
    }

    [Fact]
    public async Task A_baseline_that_is_no_number_is_refused_whole()
    {
        await Store.PutDeploymentAsync(Deployment("a", 1, DeploymentStatus.Success), default);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            Store.PutBaselinesAsync("a", new Dictionary<string, double> { ["good"] = 1, ["p99"] = double.NaN }, default));

        Assert.Contains("p99 = NaN", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await Store.ListBaselinesAsync("api", "prod", 9, default));
    }

    private static RolloutRecord Rollout(string id, int minute) =>
        new(id, "api", "prod", new Release("v1.0.0"), new string('b', 64), new string('c', 64), "demo-ci", At(minute));

    private static RolloutStatus Status(Phase phase, string message) => new() { Phase = phase, Service = "api", Version = "v1.0.0", Message = message };

    private static Deployment Deployment(string id, int minute, DeploymentStatus status) =>
        new(id, $"rollout-{id}", "api", "prod", "v1.0.0", "c0ffee", "demo-ci", At(minute), status) { Revision = "v1.0.0-abcd", BundleHash = "b" };

    private static bool Same(Deployment? left, Deployment? right) =>
        left is not null && right is not null && left with { Metadata = right.Metadata } == right
        && left.Metadata.OrderBy(p => p.Key).SequenceEqual(right.Metadata.OrderBy(p => p.Key));
}
