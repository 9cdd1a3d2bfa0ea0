using Sluice.Testing.Contract;

namespace Sluice.Registry.Tests;

public sealed class SqliteAccessKeysTests : AccessKeysContract
{
    protected override RegistryPlace CreatePlace() => new SqlitePlace();
}

public sealed class PostgresAccessKeysTests : AccessKeysContract
{
    protected override RegistryPlace CreatePlace() => new PostgresPlace();
}

public sealed class SqliteCoordinationTests : CoordinationContract
{
    protected override RegistryPlace CreatePlace() => new SqlitePlace();
}

public sealed class PostgresCoordinationTests : CoordinationContract
{
    protected override RegistryPlace CreatePlace() => new PostgresPlace();
}

public sealed class SqliteDeploymentRegistryTests : DeploymentRegistryContract
{
    protected override RegistryPlace CreatePlace() => new SqlitePlace();
}

public sealed class PostgresDeploymentRegistryTests : DeploymentRegistryContract
{
    protected override RegistryPlace CreatePlace() => new PostgresPlace();
}

public sealed class SqliteEventLogTests : EventLogContract
{
    protected override RegistryPlace CreatePlace() => new SqlitePlace();
}

public sealed class PostgresEventLogTests : EventLogContract
{
    protected override RegistryPlace CreatePlace() => new PostgresPlace();
}

public sealed class SqliteTamperingTests : TamperingContract
{
    protected override RegistryPlace CreatePlace() => new SqlitePlace();
}

public sealed class PostgresTamperingTests : TamperingContract
{
    protected override RegistryPlace CreatePlace() => new PostgresPlace();
}
