package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	sqltool "go.temporal.io/server/tools/sql"
	"google.golang.org/protobuf/types/known/durationpb"

	"orderly/test/bench/peers/shop"
)

const plugin, namespace = "postgres12_pgx", "shop"

// startServer runs a whole Temporal server in this process, persisted in two
// databases beside the services' own, and returns its address.
func startServer(ctx context.Context, dsn string, shards int) (addr string, stop func()) {
	pg, err := pgx.ParseConfig(dsn)
	shop.Fatal(err)
	host, port := pg.Host, strconv.Itoa(int(pg.Port))
	store := func(schema string, conns int) config.DataStore {
		db := pg.Database + "_" + schema
		if !databaseExists(ctx, pg, db) {
			tool := func(args ...string) {
				shop.Fatal(sqltool.RunTool(append([]string{"temporal-sql-tool", "--plugin", plugin, "--ep", host, "--port", port,
					"--user", pg.User, "--password", pg.Password, "--db", db}, args...)))
			}
			tool("create-database", "--defaultdb", "postgres")
			tool("setup-schema", "--version", "0.0")
			tool("update-schema", "--schema-name", "postgresql/v12/"+schema)
		}
		return config.DataStore{SQL: &config.SQL{PluginName: plugin, DatabaseName: db, User: pg.User, Password: pg.Password,
			ConnectAddr: net.JoinHostPort(host, port), ConnectProtocol: "tcp",
			MaxConns: conns, MaxIdleConns: conns, MaxConnLifetime: time.Hour}}
	}

	services := map[string]config.Service{}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for _, name := range []primitives.ServiceName{primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService} {
		p := freePort()
		services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: p, BindOnLocalHost: true}}
		a := net.JoinHostPort("127.0.0.1", strconv.Itoa(p))
		hosts[name] = static.SingleLocalHost(a)
		if name == primitives.FrontendService {
			addr = a
		}
	}
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore: "default", VisibilityStore: "visibility", NumHistoryShards: int32(shards),
			DataStores: map[string]config.DataStore{"default": store("temporal", 24), "visibility": store("visibility", 8)},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10, MasterClusterName: "active", CurrentClusterName: "active",
			ClusterInformation: map[string]cluster.ClusterInformation{"active": {Enabled: true, InitialFailoverVersion: 1, RPCAddress: addr}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		PublicClient:        config.PublicClient{HostPort: addr},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
	// Rate limits out of the way; everything else as it ships.
	limits := dynamicconfig.StaticClient{dynamicconfig.NamespaceCacheRefreshInterval.Key(): time.Second}
	for _, key := range []dynamicconfig.Key{
		dynamicconfig.FrontendRPS.Key(), dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(), dynamicconfig.FrontendPersistenceMaxQPS.Key(),
		dynamicconfig.HistoryRPS.Key(), dynamicconfig.HistoryPersistenceMaxQPS.Key(),
		dynamicconfig.MatchingRPS.Key(), dynamicconfig.MatchingPersistenceMaxQPS.Key(),
	} {
		limits[key] = 1_000_000
	}
	srv, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(log.NewZapLogger(log.BuildZapLogger(log.Config{Stdout: true, Level: "panic"}))),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithDynamicConfigClient(limits),
	)
	shop.Fatal(err)
	shop.Fatal(srv.Start())
	shop.Fatal(registerNamespace(ctx, addr))
	return addr, func() { srv.Stop() }
}

func registerNamespace(ctx context.Context, addr string) error {
	ns, err := client.NewNamespaceClient(client.Options{HostPort: addr})
	if err != nil {
		return err
	}
	defer ns.Close()
	for range 60 {
		err = ns.Register(ctx, &workflowservice.RegisterNamespaceRequest{Namespace: namespace,
			WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour)})
		var exists *serviceerror.NamespaceAlreadyExists
		if err == nil || errors.As(err, &exists) {
			time.Sleep(3 * time.Second) // the services' namespace caches
			return nil
		}
		time.Sleep(500 * time.Millisecond)
	}
	return fmt.Errorf("register namespace: %w", err)
}

func databaseExists(ctx context.Context, pg *pgx.ConnConfig, db string) (ok bool) {
	conn, err := pgx.ConnectConfig(ctx, pg)
	shop.Fatal(err)
	defer conn.Close(ctx)
	shop.Fatal(conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, db).Scan(&ok))
	return ok
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	shop.Fatal(err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
