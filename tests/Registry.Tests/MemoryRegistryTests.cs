using Sluice.Orchestration.Ports;
using Sluice.Registry.Memory;
using Sluice.Testing.Contract;

namespace Sluice.Registry.Tests;

/// <summary>The registry that simulations run on keeps the promises of those that servers run on, as far as it goes.</summary>
public sealed class MemoryCoordinationTests : CoordinationContract
{
    protected override RegistryPlace CreatePlace() => new MemoryPlace();
}

public sealed class MemoryDeploymentRegistryTests : DeploymentRegistryContract
{
    protected override RegistryPlace CreatePlace() => new MemoryPlace();
}

public sealed class MemoryEventLogTests : EventLogContract
{
    protected override RegistryPlace CreatePlace() => new MemoryPlace();
}

/// <summary>One registry, whoever opens it. Nobody can get behind its back, and it keeps no keys.</summary>
internal sealed class MemoryPlace : RegistryPlace
{
    private readonly MemoryRegistry _registry = new();

    public override long CurrentSchema => throw NoStore();

    public override Task<OpenRegistry> OpenAsync() =>
        Task.FromResult(new OpenRegistry(_registry, _registry, _registry, new NoKeys(), _ => Task.CompletedTask, null));

    public override Task<IReadOnlyList<long>> SchemaVersionsAsync() => throw NoStore();

    public override Task SetSchemaVersionAsync(long version) => throw NoStore();

    public override Task ChangeBundleAsync(string hash) => throw NoStore();

    public override Task TamperAsync(AuditTampering tampering, long number) => throw NoStore();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static NotSupportedException NoStore() => new("There is nothing behind what is in memory.");

    private sealed class NoKeys : IAccessKeys
    {
        public Task<bool> AddAsync(AccessKey key, CancellationToken cancellationToken) => throw NoStore();

        public Task<AccessKey?> FindAsync(string sha256, CancellationToken cancellationToken) => throw NoStore();

        public Task<IReadOnlyList<AccessKey>> ListAsync(CancellationToken cancellationToken) => throw NoStore();

        public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) => throw NoStore();
    }
}
