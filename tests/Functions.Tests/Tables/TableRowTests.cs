using Azure.Data.Tables;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Functions.Tables;
using Sluice.Orchestration.Ports;
using Sluice.Registry;

namespace Sluice.Functions.Tests.Tables;

/// <summary>What is particular to tables: sizes, keys, copies of rows, and how many requests a call costs.</summary>
public sealed class TableRowTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly TablePlace _place = new();
    private readonly RequestProbe _probe = new();
    private TableRegistry _registry = null!;

    public async ValueTask InitializeAsync() => _registry = await _place.OpenRegistryAsync(_probe);

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task A_bundle_of_exactly_1_MiB_comes_back()
    {
        // Random, so that compressing gains little: the worst that a person can send.
        var random = new Random(1);
        var empty = BundleBytes.Write(new("p", new Dictionary<string, string> { ["f"] = "" })).Length;
        var text = string.Create((1 << 20) - empty, random, (span, r) => r.GetItems("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".AsSpan(), span));
        var bundle = new Bundle("p", new Dictionary<string, string> { ["f"] = text });
        Assert.Equal(1 << 20, BundleBytes.Write(bundle).Length);

        var hash = await _registry.Deployments.PutBundleAsync(bundle, default);

        Assert.Equal(text, (await _registry.Deployments.GetBundleAsync(hash, default))!.Files["f"]);
        Assert.Equal(hash, await _registry.Deployments.PutBundleAsync(bundle, default));
        await _place.Table("bundles").DeleteEntityAsync(hash, "003");
        var refused = await Assert.ThrowsAsync<RegistryException>(() => _registry.Deployments.GetBundleAsync(hash, default));
        Assert.Equal(RegistryError.RegistryCorrupt, refused.Error);
    }

    [Fact]
    public async Task Every_id_that_a_host_accepts_can_be_kept_found_and_listed()
    {
        var characters = Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c)
            .Where(c => !char.IsSurrogate(c) && !char.IsControl(c) && !"/\\#?".Contains(c)).ToArray();
        var ids = characters.Chunk(InstanceIds.MaxLength - 1).Select(c => InstanceIds.Validate($"a{new string(c)}"))
            .Concat([InstanceIds.Validate(new string('%', 256)), InstanceIds.Validate(new string('^', 256)), "😀", "%2F", "^2F", "it's", "a", "A"])
            .ToList();

        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, cancellationToken) =>
        {
            await _registry.Deployments.AddRolloutAsync(Rollout(id), cancellationToken);
            await _registry.Coordination.SetDesiredStateAsync(id, DesiredState.Stop, cancellationToken);
        });

        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, cancellationToken) =>
        {
            Assert.Equal(id, (await _registry.Deployments.GetRolloutAsync(id, cancellationToken))?.Id);
            Assert.Equal(DesiredState.Stop, await _registry.Coordination.GetDesiredStateAsync(id, cancellationToken));
        });
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await AllRolloutsAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_text_longer_than_a_property_comes_back_whole_and_one_longer_than_a_row_is_refused()
    {
        // Two UTF-16 units each, and one to shift them: one lies across the first cut, which is after an even number.
        var stack = "\"" + string.Concat(Enumerable.Repeat("🚀", 40_000)) + "\"";
        await _registry.Coordination.PutStackAsync("r", stack, default);
        Assert.Equal(stack, await _registry.Coordination.GetStackAsync("r", default));

        await _registry.Coordination.PutStackAsync("r", "[]", default);
        Assert.Equal("[]", await _registry.Coordination.GetStackAsync("r", default));

        var refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            _registry.Coordination.PutStackAsync("r", new string('x', 500_000), default));
        Assert.StartsWith("Stack of r stack has 500000 characters", refused.Message, StringComparison.Ordinal);
        Assert.Equal("[]", await _registry.Coordination.GetStackAsync("r", default));
    }

    [Fact]
    public async Task A_line_of_400_rollouts_with_the_longest_ids_fits()
    {
        var row = string.Join(',', Enumerable.Range(1, 400).Select(i => $"\"{Id(i)}\""));
        await _registry.Coordination.AcquireLockAsync(new("api", "prod", Id(0), Now, true), default);
        TableEntity entity = await _place.Table("locks").GetEntityAsync<TableEntity>("api", "prod");
        entity.SetText("Waiting", $"[{row}]");
        await _place.Table("locks").UpsertEntityAsync(entity);

        var state = await _registry.Coordination.AcquireLockAsync(new("api", "prod", Id(401), Now, true), default);

        Assert.Equal(401, state.Waiting.Count);
        Assert.Equal(Id(401), (await _registry.Coordination.GetLockAsync("api", "prod", default))!.Waiting[^1]);

        static string Id(int i) => i.ToString("D4") + new string('x', 252);
    }

    [Fact]
    public async Task A_deployment_that_changes_is_in_each_list_once_and_where_it_belongs()
    {
        var started = Deployment("d", DeploymentStatus.InProgress);
        await _registry.Deployments.PutBaselinesAsync("d", new Dictionary<string, double> { ["p99"] = 1 }, default);
        Assert.Null(await _registry.Deployments.GetDeploymentAsync("d", default));
        await _registry.Deployments.PutDeploymentAsync(started, default);
        Assert.Empty(await _registry.Deployments.ListSuccessfulAsync("api", "prod", 9, default));

        await _registry.Deployments.PutDeploymentAsync(started with { Status = DeploymentStatus.Success, CompletedAt = Now.AddHours(1) }, default);
        await _registry.Deployments.PutDeploymentAsync(started with { Status = DeploymentStatus.Success, CompletedAt = Now.AddHours(2) }, default);
        Assert.Equal(Now.AddHours(2), Assert.Single(await _registry.Deployments.ListSuccessfulAsync("api", "prod", 9, default)).CompletedAt);
        Assert.Equal(1, Assert.Single(await _registry.Deployments.ListBaselinesAsync("api", "prod", 9, default))["p99"]);

        await _registry.Deployments.PutDeploymentAsync(started with { Status = DeploymentStatus.RolledBack, StartedAt = Now.AddMinutes(5) }, default);
        Assert.Empty(await _registry.Deployments.ListSuccessfulAsync("api", "prod", 9, default));
        Assert.Empty(await _registry.Deployments.ListBaselinesAsync("api", "prod", 9, default));
        Assert.Equal(Now.AddMinutes(5), Assert.Single((await _registry.Deployments.ListDeploymentsAsync(new(), default)).Items).StartedAt);
    }

    [Fact]
    public async Task A_search_that_looked_at_enough_goes_on_from_its_cursor()
    {
        var faults = new TableFaults("here");
        var audit = new TableAudit(new Table(_place.Table("audit"), faults, TimeProvider.System), faults);
        var events = new TableEvents(new Table(_place.Table("events"), faults, TimeProvider.System), audit) { MaxSearched = 5 };
        for (var i = 1; i <= 12; i++)
        {
            await events.AppendAsync(Event(i, i is 1 or 12 ? "the needle" : "hay"), default);
        }

        var pages = new List<Page<DeploymentEvent>>();
        do
        {
            pages.Add(await events.ListAsync(new(Text: "NEEDLE", Cursor: pages.LastOrDefault()?.Cursor), default));
        }
        while (pages[^1].Cursor is not null);

        Assert.Equal(["r#12", "", "r#1"], pages.Select(p => string.Join(' ', p.Items.Select(e => e.Key))));
    }

    [Fact]
    public async Task More_old_events_than_one_transaction_takes_are_purged_also_when_a_row_of_one_is_gone()
    {
        for (var i = 1; i <= 70; i++)
        {
            await _registry.Events.AppendAsync(Event(i, "old"), default);
        }

        await _place.Table("events").DeleteEntityAsync("events", "kr^2335");

        Assert.Equal(70, await _registry.Events.PurgeEventsAsync(Now.AddHours(1), default));
        Assert.Empty((await _registry.Events.ListAsync(new(), default)).Items);
        await foreach (var row in _place.Table("events").QueryAsync<TableEntity>())
        {
            Assert.Fail($"{row.RowKey} was left.");
        }
    }

    [Fact]
    public async Task What_a_call_costs_in_requests()
    {
        string[] readAndWrite = ["GET read", "POST transaction"];
        var command = new Command("k", "r", CommandKind.Pause, "demo-lead", null, Now);
        await _registry.Deployments.AddRolloutAsync(Rollout("r"), default);

        Assert.Equal(readAndWrite, await _probe.OfAsync(() => _registry.Coordination.AcquireLockAsync(new("api", "prod", "r", Now, true), default)));
        Assert.Equal(["GET read"], await _probe.OfAsync(() => _registry.Coordination.AcquireLockAsync(new("api", "prod", "r", Now, true), default)));
        Assert.Equal(readAndWrite, await _probe.OfAsync(() => _registry.Coordination.AddCommandAsync(command, default)));
        Assert.Equal(["GET read"], await _probe.OfAsync(() => _registry.Coordination.ReadCommandsAsync("r", 0, default)));
        Assert.Equal(["GET read"], await _probe.OfAsync(() => _registry.Coordination.GetDesiredStateAsync("r", default)));
        Assert.Equal(["POST transaction"], await _probe.OfAsync(() => _registry.Events.AppendAsync(Event(1, "x"), default)));
        Assert.Equal(readAndWrite, await _probe.OfAsync(() => _registry.Events.AuditAsync(new(Now, "a", "b", "c", null, "accepted"), default)));
        Assert.Equal(readAndWrite, await _probe.OfAsync(() => _registry.Deployments.SetRolloutStatusAsync("r", 1, Status, default)));
        Assert.Equal(readAndWrite, await _probe.OfAsync(() => _registry.Deployments.PutDeploymentAsync(Deployment("d", DeploymentStatus.Success), default)));
    }

    private static RolloutStatus Status => new() { Phase = Phase.Progressing, Service = "api", Version = "v1", Message = "" };

    private async Task<List<string>> AllRolloutsAsync()
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var page = await _registry.Deployments.ListRolloutsAsync(new(Limit: 100, Cursor: cursor), default);
            ids.AddRange(page.Items.Select(r => r.Id));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return ids;
    }

    private static RolloutRecord Rollout(string id) => new(id, "api", "prod", new Release("v1"), "b", "c", "demo-ci", Now);

    private static Deployment Deployment(string id, DeploymentStatus status) => new(id, "r", "api", "prod", "v1", null, "demo-ci", Now, status);

    private static DeploymentEvent Event(int sequence, string message) =>
        new($"r#{sequence}", "r", "api", "prod", "step.completed", Now, message, new Dictionary<string, string>());
}
