import time
def test_a(cluster, vhost, private_rabbitmq): 
    open("/tmp/slow.started","w"); time.sleep(60)
def test_b(cluster, private_cluster): time.sleep(60)
