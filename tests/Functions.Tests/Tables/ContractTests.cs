using Sluice.Testing.Contract;

namespace Sluice.Functions.Tests.Tables;

public sealed class TableAccessKeysTests : AccessKeysContract
{
    protected override RegistryPlace CreatePlace() => new TablePlace();
}

public sealed class TableCoordinationTests : CoordinationContract
{
    protected override RegistryPlace CreatePlace() => new TablePlace();
}

public sealed class TableDeploymentRegistryTests : DeploymentRegistryContract
{
    protected override RegistryPlace CreatePlace() => new TablePlace();
}

public sealed class TableEventLogTests : EventLogContract
{
    protected override RegistryPlace CreatePlace() => new TablePlace();
}

public sealed class TableRegistryOpeningTests : RegistryOpeningContract
{
    protected override RegistryPlace CreatePlace() => new TablePlace();
}

public sealed class TableTamperingTests : TamperingContract
{
    protected override RegistryPlace CreatePlace() => new TablePlace();
}
